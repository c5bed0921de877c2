/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "alloc.h"
#include "security-module.h"
#include "selinux-contexts.h"

static int parse(const char *text, SelinuxContexts *ret, char **ret_error) {
        return selinux_contexts_parse("lxc_contexts", text, strlen(text), ret, ret_error);
}

static void contexts_are_read_from_a_policy_s_lxc_contexts(void **state) {
        _cleanup_selinux_contexts_ SelinuxContexts c = {};
        _cleanup_free_ char *error = NULL;
        assert_int_equal(parse("# of Debian's refpolicy\n"
                               "process = \"system_u:system_r:container_t:s0\"\n"
                               "content = \"system_u:object_r:virt_var_lib_t:s0\"\n\n"
                               "  file\t=system_u:object_r:container_file_t:s0 \r\n"
                               "ro_file = nonsense\n; file = other\nno equals sign",
                                         &c, &error),
                        0);
        assert_string_equal(c.process, "system_u:system_r:container_t:s0");
        assert_string_equal(c.file, "system_u:object_r:container_file_t:s0");
}

static void contexts_that_are_missing_or_none_are_refused(void **state) {
        static const char *const wrong[][2] = {
                { "", "it has no process" },
                { "process = a:b:c:s0\n", "it has no file" },
                { "process = a:b\nfile = a:b:c", "\"a:b\" is not a context" },
                { "process = a:b:c\nfile =", "\"\" is not a context" },
                { "process = a::c:s0\nfile = a:b:c", "\"a::c:s0\" is not a context" },
                { "process = a:b:c:\nfile = a:b:c", "\"a:b:c:\" is not a context" },
                { "process = a:b:c\nfile = a:b:c d", "is not a context" },
                { "process = a:b:c\nfile = a:b:\"c", "is not a context" },
        };
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                _cleanup_selinux_contexts_ SelinuxContexts c = {};
                _cleanup_free_ char *error = NULL;
                assert_int_equal(parse(wrong[i][0], &c, &error), -EINVAL);
                assert_non_null(strstr(error, wrong[i][1]));
                assert_null(c.process);
        }
}

static void every_pair_of_categories_comes_once(void **state) {
        static bool seen[SELINUX_CATEGORIES][SELINUX_CATEGORIES];
        for (uint32_t n = 0; n < SELINUX_PAIRS; n++) {
                unsigned low, high;
                selinux_pair(n, &low, &high);
                assert_true(low < high && high < SELINUX_CATEGORIES);
                assert_false(seen[low][high]);
                seen[low][high] = true;
        }
}

static void a_pair_of_categories_follows_the_sensitivity(void **state) {
        static const char *const contexts[][2] = {
                { "u:r:t:s0", "u:r:t:s0:c1,c1023" }, { "u:r:t:s0-s0:c0.c1023", "u:r:t:s0:c1,c1023" },
                { "u:r:t:s3:c7", "u:r:t:s3:c1,c1023" }, { "u:r:t", "u:r:t" }, /* a policy without levels */
        };
        for (size_t i = 0; i < ELEMENTSOF(contexts); i++) {
                _cleanup_free_ char *got = selinux_context_with_pair(contexts[i][0], 1, 1023);
                assert_string_equal(got, contexts[i][1]);
        }
}

static void a_range_is_what_stands_behind_the_type(void **state) {
        assert_string_equal(selinux_range("u:r:t:s0:c1,c2"), "s0:c1,c2");
        assert_null(selinux_range("u:r:t"));
        assert_null(selinux_range(""));
        _cleanup_free_ char *with = selinux_with_range("u:r:t:s0:c1,c2", "s0:c3,c4"),
                            *without = selinux_with_range("u:r:t", "s0");
        assert_string_equal(with, "u:r:t:s0:c3,c4");
        assert_string_equal(without, "u:r:t:s0");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(contexts_are_read_from_a_policy_s_lxc_contexts),
                cmocka_unit_test(contexts_that_are_missing_or_none_are_refused),
                cmocka_unit_test(every_pair_of_categories_comes_once),
                cmocka_unit_test(a_pair_of_categories_follows_the_sensitivity),
                cmocka_unit_test(a_range_is_what_stands_behind_the_type),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
