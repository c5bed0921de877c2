/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "file.h"
#include "target.h"

static char top[64];
static int root;

/* A root with links that want to lead out of it. */
static int set_up(void **state) {
        strcpy(top, "/tmp/test-target-XXXXXX");
        assert_non_null(mkdtemp(top));
        _cleanup_free_ char *path = xasprintf("%s/root", top);
        assert_int_equal(mkdir(path, 0755), 0);
        root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(mkdirat(root, "d", 0755), 0);
        assert_int_equal(write_string_at(root, "d/file", "", 0644), 0);
        assert_int_equal(symlinkat("/d", root, "absolute"), 0);
        assert_int_equal(symlinkat("../../../../made/here", root, "out"), 0);
        assert_int_equal(symlinkat("self", root, "self"), 0);
        return 0;
}

static int tear_down(void **state) {
        close(root);
        return remove_tree_at(AT_FDCWD, top, true);
}

static void assert_resolved(const char *path, const char *expected) {
        _cleanup_free_ char *resolved = NULL;
        assert_int_equal(target_resolve(root, path, &resolved), 0);
        assert_string_equal(resolved, expected);
}

static void a_place_is_found_through_links_and_whether_it_is_there_or_not(void **state) {
        assert_resolved("/d//file", "/d/file");
        assert_resolved("/absolute/file", "/d/file");
        assert_resolved("/absolute/new/./one", "/d/new/one");
        assert_resolved("/out/x", "/made/here/x");
        assert_resolved("/../../d/new/..", "/d");
        assert_resolved("/d/file/below", "/d/file/below");
        assert_resolved("/..", "/");
        assert_int_equal(faccessat(root, "d/new", F_OK, 0), -1);
        assert_int_equal(faccessat(root, "made", F_OK, 0), -1);
}

static void links_without_an_end_are_refused(void **state) {
        char *resolved = NULL;
        assert_int_equal(target_resolve(root, "/self", &resolved), -ELOOP);
        assert_int_equal(target_open(root, "/self/x", TARGET_FILE), -ELOOP);
}

static void what_is_missing_is_made_inside_of_the_root(void **state) {
        _cleanup_close_ int directory = target_open(root, "/out/x", TARGET_DIRECTORY);
        _cleanup_close_ int file = target_open(root, "/absolute/new/file", TARGET_FILE);
        assert_true(directory >= 0 && file >= 0);
        assert_int_equal(faccessat(root, "made/here/x", F_OK, 0), 0);
        assert_int_equal(faccessat(root, "d/new/file", F_OK, 0), 0);
        _cleanup_free_ char *outside = xasprintf("%s/made", top);
        assert_int_equal(access(outside, F_OK), -1);
}

static void the_other_kind_is_an_error(void **state) {
        assert_int_equal(target_open(root, "/absolute", TARGET_FILE), -EISDIR);
        assert_int_equal(target_open(root, "/absolute/file", TARGET_DIRECTORY), -ENOTDIR);
        assert_int_equal(target_open(root, "/d/file/below", TARGET_DIRECTORY), -ENOTDIR);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                                a_place_is_found_through_links_and_whether_it_is_there_or_not, set_up,
                                tear_down),
                cmocka_unit_test_setup_teardown(links_without_an_end_are_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                what_is_missing_is_made_inside_of_the_root, set_up, tear_down),
                cmocka_unit_test_setup_teardown(the_other_kind_is_an_error, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
