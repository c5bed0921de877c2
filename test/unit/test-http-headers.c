/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cache-control.h"
#include "http-headers.h"

static void add(HttpHeaders *h, const char *line) {
        http_headers_add(h, line, strlen(line));
}

static void names_are_found_in_any_case_and_the_last_one_counts(void **state) {
        HttpHeaders h = {};
        size_t position = 0;
        add(&h, "Link: <a>\r\n");
        add(&h, "Content-Type:text/plain\r\n");
        add(&h, "LINK: \t<b> \r\n");
        add(&h, "no field\r\n");
        add(&h, ": no name\r\n");
        assert_int_equal(h.n, 3);
        assert_string_equal(http_headers_get(&h, "link"), "<b>");
        assert_string_equal(http_headers_get(&h, "content-type"), "text/plain");
        assert_null(http_headers_get(&h, "lin"));
        assert_string_equal(http_headers_next(&h, "Link", &position), "<a>");
        assert_string_equal(http_headers_next(&h, "Link", &position), "<b>");
        assert_null(http_headers_next(&h, "Link", &position));
        http_headers_done(&h);
}

/* "": the field is not there */
static void assert_validator(
                const char *etag, const char *modified, const char *date, const char *expected) {
        const char *const fields[][2] = { { "ETag: %s\r\n", etag }, { "Last-Modified: %s\r\n", modified },
                { "Date: %s\r\n", date } };
        HttpHeaders h = {};
        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                char line[200];
                snprintf(line, sizeof(line), fields[i][0], fields[i][1]);
                if (*fields[i][1])
                        add(&h, line);
        }
        const char *validator = http_headers_validator(&h);
        if (expected)
                assert_string_equal(validator, expected);
        else
                assert_null(validator);
        http_headers_done(&h);
}

static void only_what_changes_with_the_content_is_a_validator(void **state) {
        static const char early[] = "Tue, 15 Nov 1994 12:00:00 GMT", now[] = "Tue, 15 Nov 1994 12:01:00 GMT";
        static const char late[] = "Tue, 15 Nov 1994 12:00:59 GMT";
        assert_validator("\"a\"", early, now, "\"a\"");
        assert_validator("\"a\"", "", "", "\"a\"");
        assert_validator("W/\"a\"", "", now, NULL);
        assert_validator("W/\"a\"", early, now, early);
        assert_validator("", early, now, early);
        assert_validator("", early, late, NULL);
        assert_validator("", now, early, NULL);
        assert_validator("", early, "", NULL);
        assert_validator("", "yesterday", now, NULL);
        assert_validator("", "", "", NULL);
}

static void a_content_range_says_where_a_part_begins(void **state) {
        static const char *const bad[] = { "", "bytes", "bytes */200", "bytes 5-4/10", "bytes 0-9/9",
                "bytes 0-9/10x", "items 0-9/10", "bytes -9/10", "bytes 0-/10", "bytes 0-9",
                "bytes 99999999999999999999-99999999999999999999/*", "bytes 0-9/**" };
        uint64_t start, total;
        assert_true(http_content_range_parse("bytes 100-199/200", &start, &total));
        assert_int_equal(start, 100);
        assert_int_equal(total, 200);
        assert_true(http_content_range_parse("Bytes 0-0/*", &start, &total));
        assert_int_equal(start, 0);
        assert_int_equal(total, 0);
        assert_true(http_content_range_parse_total("bytes */200", &total));
        assert_int_equal(total, 200);
        assert_false(http_content_range_parse_total("bytes */", &total));
        assert_false(http_content_range_parse_total("bytes 0-9/200", &total));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_false(http_content_range_parse(bad[i], &start, &total));
}

static void the_last_max_age_counts_unless_nothing_may_be_kept(void **state) {
        static const struct {
                const char *value;
                int64_t age;
        } cases[] = {
                { "max-age=60", 60 },
                { "public, MAX-AGE=60 , must-revalidate", 60 },
                { "max-age=60, max-age=30", 30 },
                { "max-age=60, no-store", 0 },
                { "no-cache", 0 },
                { "max-age=060", 0 },
                { "max-age=-1", 0 },
                { "max-age=99999999999", 0 },
                { "max-age", 0 },
                { "", 0 },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_int_equal(cache_control_max_age(cases[i].value), cases[i].age);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_are_found_in_any_case_and_the_last_one_counts),
                cmocka_unit_test(only_what_changes_with_the_content_is_a_validator),
                cmocka_unit_test(a_content_range_says_where_a_part_begins),
                cmocka_unit_test(the_last_max_age_counts_unless_nothing_may_be_kept),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
