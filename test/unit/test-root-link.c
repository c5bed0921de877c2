/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "root-link.h"

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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_are_plain_words),
                cmocka_unit_test(a_link_is_found_by_its_image),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
