/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "unit.h"

#include "root-link.h"
#include "temporary-store.h"

#define OCI_ID "sha256-0123456789012345678901234567890123456789012345678901234567890123"

static void names_are_plain_words(void **state) {
        const char *const good[] = { "web", "Web-1.2_x", "0" }, *const bad[] = { "", ".", "..", ".new",
                "a/b", "a b", "ä", "a\n" };
        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_true(root_link_name_is_valid(good[i]));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_false(root_link_name_is_valid(bad[i]));
        char longest[257] = {};
        memset(longest, 'a', 255);
        assert_true(root_link_name_is_valid(longest));
        longest[255] = 'a';
        assert_false(root_link_name_is_valid(longest));
}

static void a_link_is_found_by_its_image(void **state) {
        RootLink links[] = { { (char *) "one", (char *) "sha512-1" },
                { (char *) "two", (char *) "sha512-2" } };
        assert_ptr_equal(root_links_find(links, 2, "sha512-2"), &links[1]);
        assert_null(root_links_find(links, 2, "sha512-3"));
        assert_null(root_links_find(NULL, 0, "sha512-1"));
}

static char *target(const char *layer) {
        _cleanup_free_ char *path = NULL;
        char text[256] = "";
        assert_true(asprintf(&path, "%s/links/web/web.mstack/%s", data_dir, layer) > 0);
        assert_true(readlink(path, text, sizeof(text) - 1) >= 0);
        return strdup(text);
}

static void the_layers_of_a_stack_are_numbered_from_the_lowest(void **state) {
        char *ids[] = { (char *) "top", (char *) "middle", (char *) "bottom", NULL };
        assert_int_equal(root_link_make_stack(store, "web", OCI_ID, &(ImageTrees){ .ids = ids }, false), 0);
        _cleanup_free_ char *lowest = target("layer@0"), *highest = target("layer@2");
        assert_string_equal(lowest, "../../../cas/tree/bottom/rootfs");
        assert_string_equal(highest, "../../../cas/tree/top/rootfs");

        RootLink *links;
        size_t n;
        assert_int_equal(root_links_load(store, &links, &n), 0);
        assert_int_equal(n, 1);
        assert_true(links[0].stack);
        assert_string_equal(links[0].image, OCI_ID);
        root_links_free(links, n);
        assert_int_equal(root_link_make_stack(store, "web", OCI_ID, &(ImageTrees){ .ids = ids }, false),
                        -EEXIST);

        /* one is not mounted by itself, which would let it be written to */
        char *one[] = { (char *) "single", NULL };
        assert_int_equal(root_link_make_stack(store, "web", OCI_ID, &(ImageTrees){ .ids = one }, true), 0);
        _cleanup_free_ char *only = target("layer@1"), *empty = NULL;
        assert_string_equal(only, "../../../cas/tree/single/rootfs");
        assert_true(asprintf(&empty, "%s/links/web/web.mstack/layer@0", data_dir) > 0);
        assert_int_equal(rmdir(empty), 0);
        assert_int_equal(root_link_remove(store, "web"), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                                the_layers_of_a_stack_are_numbered_from_the_lowest, set_up, tear_down),
                cmocka_unit_test(names_are_plain_words),
                cmocka_unit_test(a_link_is_found_by_its_image),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
