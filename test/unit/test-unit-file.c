/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "alloc.h"
#include "strv.h"
#include "unit-file.h"

static int parse(UnitFile *u, const char *text, unsigned *line) {
        _cleanup_free_ char *error = NULL;
        int r = unit_file_parse(u, "file", text, strlen(text), line, &error);
        assert_true(r >= 0 || error);
        return r;
}

static void settings_keep_their_order_and_line(void **state) {
        _cleanup_unit_file_ UnitFile u = {};
        unsigned line = 0;
        assert_int_equal(parse(&u,
                                         "\xef\xbb\xbf# comment\n[One]\n a = 1 \n; other\n[Two "
                                         "x]\r\nb=x=y\r\n"
                                         "[One]\na=\na=2",
                                         &line),
                        0);
        assert_int_equal(u.n, 4);
        assert_string_equal(u.items[0].section, "One");
        assert_string_equal(u.items[0].key, "a");
        assert_string_equal(u.items[0].value, "1");
        assert_int_equal(u.items[0].line, 3);
        assert_string_equal(u.items[1].section, "Two x");
        assert_string_equal(u.items[1].value, "x=y");
        assert_string_equal(unit_file_find(&u, "One", "a")->value, "2");
        assert_null(unit_file_find(&u, "One", "b"));
}

static void a_backslash_joins_lines_and_passes_comments_by(void **state) {
        _cleanup_unit_file_ UnitFile u = {};
        unsigned line;
        assert_int_equal(parse(&u, "[A]\nk=one\\\n# between\n  two \\\nthree\nl=4\n", &line), 0);
        assert_string_equal(u.items[0].value, "one   two  three");
        assert_int_equal(u.items[0].line, 2);
        assert_string_equal(u.items[1].value, "4");
        assert_int_equal(u.items[1].line, 6);
}

static void what_is_no_setting_is_an_error_with_its_line(void **state) {
        static const struct {
                const char *text;
                unsigned line;
        } bad[] = {
                { "a=1\n", 1 },
                { "[A]\nk\n", 2 },
                { "[A]\n\n=v\n", 3 },
                { "[A\nk=v\n", 1 },
                { "[]\n", 1 },
                { "[A]\nk=a\\\nb\nbad", 4 },
                { "[A]\nk=\xff\n", 2 },
                { "[A]\nk=\xc0\xaf\n", 2 },
                { "[A]\nk=\033[1m\n", 2 },
        };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_unit_file_ UnitFile u = {};
                unsigned line = 0;
                assert_int_equal(parse(&u, bad[i].text, &line), -EINVAL);
                assert_int_equal(line, bad[i].line);
        }
        _cleanup_unit_file_ UnitFile u = {};
        _cleanup_free_ char *error = NULL;
        unsigned line;
        assert_int_equal(unit_file_parse(&u, "file", "[A]\n\0k=v", 8, &line, &error), -EINVAL);
}

static void words_are_unquoted_as_systemd_does(void **state) {
        static const struct {
                const char *value, *words; /* joined by | */
        } good[] = {
                { "a  b\tc", "a|b|c" },
                { "\"a b\" 'c \"d'", "a b|c \"d" },
                { "A=\"x y\"z", "A=x yz" },
                { "''", "" },
                { "\\x41\\101\\u00e9\\s\\n", "AA\xc3\xa9 \n" },
                { "%n ${X} $$", "%n|${X}|$$" },
        };
        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                _cleanup_strv_ char **words = NULL;
                _cleanup_free_ char *error = NULL;
                assert_int_equal(unit_words_split(good[i].value, &words, &error), 0);
                _cleanup_free_ char *joined = strv_join(words, "|");
                assert_string_equal(joined, good[i].words);
        }
        static const char *const bad[] = { "\"a", "'", "\\q", "\\x0", "\\x00", "\\u12", "a\\", "\\ud800" };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                char **words = NULL;
                _cleanup_free_ char *error = NULL;
                assert_int_equal(unit_words_split(bad[i], &words, &error), -EINVAL);
                assert_null(words);
        }
}

static void quoting_is_undone_by_reading(void **state) {
        static const char *const words[] = { "plain", "", "two words", "a\"b\\c'd", "tab\tnew\n", "\xc3\xa9",
                ";", "$x", "#", "[x]" };
        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                _cleanup_free_ char *quoted = unit_word_quote(words[i]), *error = NULL;
                _cleanup_strv_ char **again = NULL;
                assert_int_equal(unit_words_split(quoted, &again, &error), 0);
                assert_int_equal(strv_length(again), 1);
                assert_string_equal(again[0], words[i]);
        }
        _cleanup_free_ char *plain = unit_word_quote("--net=a:B=1,c@%i"),
                            *escaped = unit_word_escape_variables("a$b$");
        assert_string_equal(plain, "--net=a:B=1,c@%i");
        assert_string_equal(escaped, "a$$b$$");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(settings_keep_their_order_and_line),
                cmocka_unit_test(a_backslash_joins_lines_and_passes_comments_by),
                cmocka_unit_test(what_is_no_setting_is_an_error_with_its_line),
                cmocka_unit_test(words_are_unquoted_as_systemd_does),
                cmocka_unit_test(quoting_is_undone_by_reading),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
