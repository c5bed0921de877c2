/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "alloc.h"
#include "registry-json.h"

static int parse(const char *text, char **ret_token) {
        _cleanup_free_ char *error = NULL;
        int r = registry_token_parse("https://auth.example/token", text, strlen(text), ret_token, &error);
        assert_true((r < 0) == (error != NULL));
        return r;
}

static void a_token_has_one_of_two_names(void **state) {
        static const char *const good[] = { "{\"token\":\"abc\"}", "{\"access_token\":\"abc\"}",
                "{\"token\":\"abc\",\"access_token\":\"def\"}",
                "{\"token\":null,\"access_token\":\"abc\"}" };
        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                _cleanup_free_ char *token = NULL;
                assert_int_equal(parse(good[i], &token), 0);
                assert_string_equal(token, "abc");
        }
}

static void what_could_not_stand_in_a_header_is_no_token(void **state) {
        static const char *const bad[] = { "", "[]", "{}", "{\"token\":\"\"}", "{\"token\":\"a b\"}",
                "{\"token\":\"a\\r\\nX: y\"}", "{\"token\":1}", "{\"token\":\"\xc3\xa4\"}" };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_free_ char *token = NULL;
                assert_int_equal(parse(bad[i], &token), -EINVAL);
                assert_null(token);
        }
}

static void errors_are_shown_in_one_line(void **state) {
        static const char *const samples[][2] = {
                { "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"no\\u001b[2J\\nway\",\"detail\":{}}]}",
                                "DENIED: no [2J way" },
                { "{\"errors\":[{\"code\":\"A\"},{\"message\":\"b\"},{}]}", "A; b" },
                { "{\"errors\":[]}", NULL },
                { "{\"errors\":[1]}", NULL },
                { "<html>", NULL },
                { "", NULL },
        };
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                _cleanup_free_ char *text = registry_errors_text(samples[i][0], strlen(samples[i][0]));
                if (samples[i][1])
                        assert_string_equal(text, samples[i][1]);
                else
                        assert_null(text);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_token_has_one_of_two_names),
                cmocka_unit_test(what_could_not_stand_in_a_header_is_no_token),
                cmocka_unit_test(errors_are_shown_in_one_line),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
