/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "app-string.h"

static void a_name_a_version_and_labels_are_told_apart(void **state) {
        _cleanup_app_string_ AppString a = {};
        assert_int_equal(app_string_parse("example.com/reduce-worker:1.0.0,arch=amd64,channel=a:b=c", &a,
                                         NULL),
                        0);
        assert_string_equal(a.name, "example.com/reduce-worker");
        assert_int_equal(a.labels.n, 3);
        assert_string_equal(name_values_get(&a.labels, "version"), "1.0.0");
        assert_string_equal(name_values_get(&a.labels, "arch"), "amd64");
        assert_string_equal(name_values_get(&a.labels, "channel"), "a:b=c");
        _cleanup_free_ char *text = app_string_format(a.name, &a.labels);
        assert_string_equal(text, "example.com/reduce-worker:1.0.0,arch=amd64,channel=a:b=c");
}

static void a_version_may_be_written_as_a_label(void **state) {
        _cleanup_app_string_ AppString a = {};
        assert_int_equal(app_string_parse("redis,os=linux,version=3", &a, NULL), 0);
        _cleanup_free_ char *text = app_string_format(a.name, &a.labels);
        assert_string_equal(text, "redis:3,os=linux");
}

static void what_is_wrong_is_said(void **state) {
        static const char *const table[][2] = {
                { "", "image name \"\" is not an AC identifier" },
                { "Redis", "image name \"Redis\" is not an AC identifier" },
                { "redis:", "expected a version" },
                { "redis:1:2", "more than one colon" },
                { "ftp://example.com/x.aci", "\"ftp://\" is not known: expected docker://," },
                { "redis,", "expected LABEL=VALUE" },
                { "redis,os", "expected LABEL=VALUE" },
                { "redis,=x", "expected LABEL=VALUE" },
                { "redis,OS=linux", "label \"OS\" is not an AC identifier" },
                { "redis,os=a,os=b", "label \"os\" is given twice" },
                { "redis:1,version=2", "label \"version\" is given twice" },
                { "redis,name=x", "a label cannot be called \"name\"" },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_app_string_ AppString a = {};
                _cleanup_free_ char *error = NULL;
                assert_int_equal(app_string_parse(table[i][0], &a, &error), -22);
                assert_null(a.name);
                if (!strstr(error, table[i][1]))
                        fail_msg("\"%s\": %s", table[i][0], error);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_name_a_version_and_labels_are_told_apart),
                cmocka_unit_test(a_version_may_be_written_as_a_label),
                cmocka_unit_test(what_is_wrong_is_said),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
