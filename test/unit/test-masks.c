/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>

#include "alloc.h"
#include "file.h"
#include "masks.h"
#include "strv.h"

static char top[64];

static int set_up(void **state) {
        strcpy(top, "/tmp/test-masks-XXXXXX");
        return mkdtemp(top) ? 0 : -1;
}

static int tear_down(void **state) {
        return remove_tree_at(AT_FDCWD, top, true);
}

static void add_processor(const char *name) {
        _cleanup_free_ char *path = xasprintf("%s/devices/system/cpu/%s/thermal_throttle", top, name);
        assert_int_equal(mkdir_parents_at(AT_FDCWD, path, 0755), 0);
}

static void set_possible(const char *text) {
        _cleanup_free_ char *path = xasprintf("%s/devices/system/cpu/possible", top);
        assert_int_equal(write_string_at(AT_FDCWD, path, text, 0644), 0);
}

static void assert_masked(const char *expected) {
        _cleanup_strv_ char **paths = strv_copy(NULL);
        masks_add_processors(top, &paths);
        _cleanup_free_ char *joined = strv_join(paths, " ");
        assert_string_equal(joined, expected);
}

#define PATH(n) "/sys/devices/system/cpu/cpu" #n "/thermal_throttle"

static void each_processor_that_tells_is_masked_whatever_its_number(void **state) {
        add_processor("cpu0");
        add_processor("cpu1");
        add_processor("cpu11");
        set_possible("0-11\n");
        assert_masked(PATH(0) " " PATH(1) " " PATH(11));
        set_possible("0,2-10\n");
        assert_masked(PATH(0) " " PATH(1));
        set_possible("0-3,11\n");
        assert_masked(PATH(0) " " PATH(1) " " PATH(11));
        set_possible("0\n");
        assert_masked(PATH(0));
        set_possible("what\n");
        assert_masked(PATH(0));
}

static void a_host_whose_processors_do_not_tell_has_none(void **state) {
        _cleanup_free_ char *path = xasprintf("%s/devices/system/cpu/cpu0", top);
        assert_int_equal(remove_tree_at(AT_FDCWD, path, true), 0);
        set_possible("0-11\n");
        assert_masked("");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_processor_that_tells_is_masked_whatever_its_number),
                cmocka_unit_test(a_host_whose_processors_do_not_tell_has_none),
        };
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
