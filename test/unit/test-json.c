/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "json-reader.h"
#include "json.h"

static void syntax_errors_name_line_and_column(void **state) {
        _cleanup_json_context_ JsonContext c;
        const char *text = "{\n  \"a\": 1,\n  oops\n}";
        assert_int_equal(json_context_parse(&c, "f.json", text, strlen(text)), -22);
        assert_memory_equal(c.error, "f.json:3:3: ", 12);
}

static void what_is_no_text_at_all_is_refused_at_its_first_byte(void **state) {
        _cleanup_json_context_ JsonContext c;
        const char text[] = "\x1f\x8b\x08\0\0N";
        assert_int_equal(json_context_parse(&c, "f.aci", text, sizeof(text) - 1), -22);
        assert_string_equal(c.error, "f.aci:1:1: unexpected character: this is not JSON");
}

static void truncated_and_trailing_data_are_refused(void **state) {
        const char *const bad[] = { "", "{", "[1,", "{} x", "{}{}", "\"\xff\"", "[NaN]", "[Infinity]",
                "[1.]", "[01]", "[\"a\nb\"]", "['a']", "{'a':1}", "[1,]", "[/**/1]" };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_json_context_ JsonContext c;
                assert_int_equal(json_context_parse(&c, "f", bad[i], strlen(bad[i])), -22);
                assert_non_null(c.error);
        }
}

static void the_reader_that_builds_nothing_is_as_strict(void **state) {
        const char *const good[] = { "{}", "[]", " [ ] ", "0", "-0.5e-7", "1E+5", "\"\\u00e9\\n\"", "null",
                "[true,false,null]", "{\"a\":{\"b\":[[],{}]},\"c\":\"\"}" };
        const char *const bad[] = { "", " ", "{", "[1,", "{} x", "{}{}", "[NaN]", "[1.]", "[01]", "[-]",
                "[1e]", "[\"a\nb\"]", "['a']", "[1,]", "[,1]", "[1 2]", "[/**/1]", "{\"a\"}", "{\"a\":1,}",
                "{1:1}", "]", "[\"\\x\"]", "[\"\\u12g4\"]", "[\"a", "[tru]", "[True]", "[1}" };
        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                JsonReader r = { .text = good[i], .size = strlen(good[i]) };
                assert_true(json_reader_skip(&r) && json_reader_end(&r));
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                JsonReader r = { .text = bad[i], .size = strlen(bad[i]) };
                assert_false(json_reader_skip(&r) && json_reader_end(&r));
        }
}

static void the_reader_does_not_follow_a_document_too_deep(void **state) {
        char text[1000];
        memset(text, '[', sizeof(text));
        JsonReader r = { .text = text, .size = sizeof(text) };
        assert_false(json_reader_skip(&r));
        assert_int_equal(r.depth, JSON_MAX_DEPTH);
}

static void schema_errors_name_the_path_and_where_it_stands(void **state) {
        _cleanup_json_context_ JsonContext c;
        const char *text =
                        "{\n \"x\": [{\"y\": \"a,]}\"}, [2]],\n \"app\": {\"exec\": [\"/bin/a\",\n   7]}}";
        assert_int_equal(json_context_parse(&c, "m", text, strlen(text)), 0);
        json_object *app;
        char **exec = NULL;
        assert_int_equal(json_get_object(&c, c.root, "app", JSON_REQUIRED, &app), 0);
        json_enter(&c, "app");
        assert_int_equal(json_get_strv(&c, app, "exec", JSON_REQUIRED, &exec), -22);
        assert_string_equal(c.error, "m:4:4: app.exec[1]: expected a string, found a number");
}

static void a_missing_member_is_reported_at_its_object(void **state) {
        _cleanup_json_context_ JsonContext c;
        const char *text = "{\"a\": {\n}}", *s;
        assert_int_equal(json_context_parse(&c, "m", text, strlen(text)), 0);
        json_object *a;
        assert_int_equal(json_get_object(&c, c.root, "a", JSON_REQUIRED, &a), 0);
        json_enter(&c, "a");
        assert_int_equal(json_get_string(&c, a, "user", JSON_REQUIRED, &s), -22);
        assert_string_equal(c.error, "m:1:7: a.user: missing");
}

static void integers_out_of_range_are_refused(void **state) {
        _cleanup_json_context_ JsonContext c;
        const char *text = "{\"a\": 70000, \"b\": 99999999999999999999}";
        int64_t v = 5;
        assert_int_equal(json_context_parse(&c, "m", text, strlen(text)), 0);
        assert_int_equal(json_get_int(&c, c.root, "b", JSON_REQUIRED, 0, INT64_MAX, &v), -22);
        assert_int_equal(v, 5);
}

static void control_characters_do_not_reach_the_terminal(void **state) {
        _cleanup_json_context_ JsonContext c;
        const char *text = "{\"a\": 1}";
        assert_int_equal(json_context_parse(&c, "m", text, strlen(text)), 0);
        assert_int_equal(json_fail(&c, "found \"%s\"", "\033[2J\n"), -22);
        assert_string_equal(c.error, "m:1:1: found \"\\x1b[2J\\x0a\"");
}

static void a_document_of_very_many_values_is_refused_before_it_is_parsed(void **state) {
        static char text[3 * JSON_MAX_CONTAINERS + 3];
        _cleanup_json_context_ JsonContext c;
        text[0] = '[';
        for (size_t i = 0; i < JSON_MAX_CONTAINERS; i++)
                memcpy(text + 1 + 3 * i, "{},", 3);
        assert_int_equal(json_context_parse(&c, "m", text, sizeof(text) - 1), -22);
        assert_non_null(strstr(c.error, "too many values"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(syntax_errors_name_line_and_column),
                cmocka_unit_test(what_is_no_text_at_all_is_refused_at_its_first_byte),
                cmocka_unit_test(truncated_and_trailing_data_are_refused),
                cmocka_unit_test(the_reader_that_builds_nothing_is_as_strict),
                cmocka_unit_test(the_reader_does_not_follow_a_document_too_deep),
                cmocka_unit_test(schema_errors_name_the_path_and_where_it_stands),
                cmocka_unit_test(a_missing_member_is_reported_at_its_object),
                cmocka_unit_test(integers_out_of_range_are_refused),
                cmocka_unit_test(control_characters_do_not_reach_the_terminal),
                cmocka_unit_test(a_document_of_very_many_values_is_refused_before_it_is_parsed),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
