/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "alloc.h"
#include "duration.h"
#include "meta-tags.h"

static void expect(const char *html, const char *expected) {
        _cleanup_name_values_ NameValueList tags = {};
        char found[4096] = "";
        meta_tags_parse(html, strlen(html), META_DISCOVERY, &tags);
        for (size_t i = 0; i < tags.n; i++)
                snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s>%s ", tags.items[i].name,
                                tags.items[i].value);
        assert_string_equal(found, expected);
}

static void tags_are_found_in_the_head_however_it_is_written(void **state) {
        expect("<!DOCTYPE html><html><head><meta name=\"ac-discovery\" content=\"a.com/x "
               "https://a.com/{name}\">",
                        "a.com/x>https://a.com/{name} ");
        expect("<META CONTENT='a b' NAME=AC-Discovery>", "a>b ");
        expect("<meta name=ac-discovery content=\" a \n b \"/><title>x</title>"
               "<meta name=ac-discovery content='c d'>",
                        "a>b c>d ");
        expect("<meta name=ac-discovery content='a https://x/&quest;y=1&amp;z=2'>", "a>https://x/?y=1&z=2 ");
}

static void what_only_looks_like_a_tag_is_none(void **state) {
        expect("", "");
        expect("<!-- <meta name=ac-discovery content='a b'> -->", "");
        expect("<script>'<meta name=ac-discovery content=\"a b\">'</script>", "");
        expect("<title><meta name=ac-discovery content='a b'></title>", "");
        expect("<body><p><meta name=ac-discovery content='a b'>", "");
        expect("text <meta name=ac-discovery content='a b'>", "");
        expect("<meta name=ac-discovery content='a'><meta name=ac-discovery content='a b c'><meta "
               "name=ac-discovery>",
                        "");
        expect("<meta name=ac-discovery-pubkeys content='a b'>", "");
        expect("<meta name=ac-discovery content='a b", "");
}

static void a_page_of_opening_tags_is_no_problem(void **state) {
        static const char *const tags[] = { "<b>", "<div>", "<template>", "<table>", "<svg>", "<p><a>",
                "<" };
        uint64_t start = monotonic_ns();
        for (size_t i = 0; i < ELEMENTSOF(tags); i++) {
                _cleanup_name_values_ NameValueList found = {};
                size_t size = 2 * META_PAGE_MAX, n = strlen(tags[i]);
                _cleanup_free_ char *page = xmalloc(size);
                for (size_t j = 0; j < size; j++)
                        page[j] = tags[i][j % n];
                meta_tags_parse(page, size, META_DISCOVERY, &found);
                assert_int_equal(found.n, 0);
        }
        assert_true(monotonic_ns() - start < 60 * NSEC_PER_SEC);
}

static void templates_are_filled_from_name_and_labels(void **state) {
        _cleanup_name_values_ NameValueList vars = {};
        name_values_add(&vars, "name", "example.com/app");
        name_values_add(&vars, "version", "1.0+a b?#%");
        name_values_add(&vars, "ext", "aci");
        static const char *const samples[][2] = {
                { "https://x/{name}-{version}.{ext}", "https://x/example.com/app-1.0+a%20b%3F%23%25.aci" },
                { "https://x/plain?q=1", "https://x/plain?q=1" },
                { "", "" },
        };
        static const char *const unfinished[] = { "{os}", "{name", "name}", "{}", "{{name}}",
                "{na{name}me}" };
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                _cleanup_free_ char *text = meta_template_render(samples[i][0], &vars);
                assert_string_equal(text, samples[i][1]);
        }
        for (size_t i = 0; i < ELEMENTSOF(unfinished); i++)
                assert_null(meta_template_render(unfinished[i], &vars));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(tags_are_found_in_the_head_however_it_is_written),
                cmocka_unit_test(what_only_looks_like_a_tag_is_none),
                cmocka_unit_test(a_page_of_opening_tags_is_no_problem),
                cmocka_unit_test(templates_are_filled_from_name_and_labels),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
