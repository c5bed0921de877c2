/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <limits.h>

#include "entry-path.h"

static void paths_are_brought_into_one_form(void **state) {
        const char *const pairs[][2] = {
                { "rootfs/etc/passwd", "rootfs/etc/passwd" },
                { "./rootfs//etc/./passwd/", "rootfs/etc/passwd" },
                { "manifest", "manifest" },
                { "./", "" },
                { ".", "" },
                { "a/..b/...", "a/..b/..." },
        };
        for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
                char normal[PATH_MAX];
                assert_null(entry_path_normalize(pairs[i][0], normal));
                assert_string_equal(normal, pairs[i][1]);
        }
}

static void paths_that_leave_or_cannot_be_are_refused(void **state) {
        char normal[PATH_MAX], longest[PATH_MAX + 2], component[NAME_MAX + 2];
        assert_non_null(entry_path_normalize("", normal));
        assert_non_null(entry_path_normalize("/etc/passwd", normal));
        assert_non_null(entry_path_normalize("..", normal));
        assert_non_null(entry_path_normalize("rootfs/../x", normal));
        assert_non_null(entry_path_normalize("rootfs/..", normal));

        memset(component, 'n', sizeof(component) - 1);
        component[sizeof(component) - 1] = 0;
        assert_non_null(entry_path_normalize(component, normal));
        component[NAME_MAX] = 0;
        assert_null(entry_path_normalize(component, normal));

        for (size_t i = 0; i < sizeof(longest); i++)
                longest[i] = i % 2 ? '/' : 'd';
        longest[PATH_MAX - 1] = 'd';
        longest[PATH_MAX] = 0;
        assert_non_null(entry_path_normalize(longest, normal));
        longest[PATH_MAX - 1] = 0;
        assert_null(entry_path_normalize(longest, normal));
}

static void links_that_lead_above_the_root_are_found(void **state) {
        assert_false(entry_link_escapes("etc/link", "../usr"));
        assert_true(entry_link_escapes("etc/link", "../../usr"));
        assert_true(entry_link_escapes("link", ".."));
        assert_false(entry_link_escapes("a/b/link", "../../c/../d"));
        assert_true(entry_link_escapes("a/b/link", "../x/../../.."));
        assert_false(entry_link_escapes("a/link", "/etc/passwd"));
        assert_true(entry_link_escapes("a/link", "/../etc/passwd"));
}

static void quoted_paths_hold_nothing_that_a_terminal_obeys(void **state) {
        char many[2000];
        _cleanup_free_ char *a = entry_path_quote("a\x1b]0;x\x07\n\"\\\x9b\xc3\xa9");
        assert_string_equal(a, "\"a\\x1b]0;x\\x07\\x0a\\\"\\\\\\x9b\xc3\xa9\"");
        memset(many, '\n', sizeof(many) - 1);
        many[sizeof(many) - 1] = 0;
        _cleanup_free_ char *b = entry_path_quote(many);
        assert_true(*b && strlen(b) <= 600);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(paths_are_brought_into_one_form),
                cmocka_unit_test(paths_that_leave_or_cannot_be_are_refused),
                cmocka_unit_test(links_that_lead_above_the_root_are_found),
                cmocka_unit_test(quoted_paths_hold_nothing_that_a_terminal_obeys),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
