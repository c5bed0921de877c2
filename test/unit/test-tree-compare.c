/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "file.h"
#include "tree-compare.h"

static char top[64];
static int a, b;

/* Two equal trees. */
static int set_up(void **state) {
        strcpy(top, "/tmp/test-tree-XXXXXX");
        assert_non_null(mkdtemp(top));
        for (int i = 0; i < 2; i++) {
                _cleanup_free_ char *path = xasprintf("%s/%d", top, i);
                assert_int_equal(mkdir(path, 0755), 0);
                int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                assert_int_equal(mkdirat(fd, "d", 0755), 0);
                assert_int_equal(write_string_at(fd, "d/file", "content", 0644), 0);
                assert_int_equal(symlinkat("target", fd, "link"), 0);
                *(i ? &b : &a) = fd;
        }
        return 0;
}

static int tear_down(void **state) {
        close(a);
        close(b);
        return remove_tree_at(AT_FDCWD, top, false);
}

static void assert_difference(const char *expected) {
        _cleanup_free_ char *difference = NULL;
        assert_int_equal(tree_compare(a, b, &difference), expected ? 1 : 0);
        if (expected)
                assert_string_equal(difference, expected);
}

static void equal_trees_are_equal(void **state) {
        assert_difference(NULL);
}

static void changed_content_is_found(void **state) {
        write_string_at(b, "d/file", "c0ntent", 0644);
        assert_difference("/d/file: the content differs");
}

static void a_changed_mode_is_found(void **state) {
        fchmodat(b, "d/file", 0755, 0);
        assert_difference("/d/file: the mode differs");
}

static void a_changed_link_is_found(void **state) {
        unlinkat(b, "link", 0);
        assert_int_equal(symlinkat("another", b, "link"), 0);
        assert_difference("/link: the target of the link differs");
}

static void a_missing_file_is_found(void **state) {
        unlinkat(a, "d/file", 0);
        assert_difference("/d/file: is missing");
}

static void a_file_too_many_is_found(void **state) {
        write_string_at(a, "d/a", "x", 0644);
        assert_difference("/d/a: should not be there");
}

static void another_type_is_found(void **state) {
        unlinkat(b, "link", 0);
        write_string_at(b, "link", "target", 0644);
        assert_difference("/link: the type differs");
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(equal_trees_are_equal),
                TEST(changed_content_is_found),
                TEST(a_changed_mode_is_found),
                TEST(a_changed_link_is_found),
                TEST(a_missing_file_is_found),
                TEST(a_file_too_many_is_found),
                TEST(another_type_is_found),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
