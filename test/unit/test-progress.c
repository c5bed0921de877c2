/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "progress.h"

static void assert_line(const char *label, uint64_t done, uint64_t total, uint64_t speed, size_t width,
                const char *expected) {
        _cleanup_free_ char *line = progress_line(label, done, total, speed, width);
        assert_string_equal(line, expected);
        assert_true(strlen(line) <= width);
}

static void a_line_shows_what_there_is_room_for(void **state) {
        assert_line("app", 50000000, 100000000, 10000000, 60,
                        "app: [===========>           ] 50.0 MB/100.0 MB 10.0 MB/s 6s");
        assert_line("app", 50000000, 100000000, 10000000, 44, "app: 50.0 MB/100.0 MB 10.0 MB/s 6s");
        assert_line("app", 50000000, 100000000, 10000000, 25, "app: 50.0 MB/100.0 MB");
        assert_line("application", 50000000, 100000000, 10000000, 22, "appl: 50.0 MB/100.0 MB");
        assert_line("app", 50000000, 100000000, 10000000, 10, "50.0 MB/10");
        assert_line("app", 50000000, 100000000, 0, 0, "");
}

static void a_size_that_is_not_known_is_not_shown(void **state) {
        assert_line("app", 50000000, 0, 10000000, 80, "app: 50.0 MB 10.0 MB/s");
        assert_line("app", 999, 0, 0, 80, "app: 999 B");
        assert_line("app", 999960, 0, 0, 80, "app: 1.0 MB");
}

static void no_width_is_too_small(void **state) {
        for (size_t width = 0; width < 200; width++) {
                _cleanup_free_ char *line = progress_line(
                                "a label that is longer than any column that it could be put in", 123456789,
                                234567890, 345678, width);
                assert_true(strlen(line) <= width);
        }
}

static void a_finished_bar_is_full(void **state) {
        _cleanup_free_ char *line = progress_line("app", 100, 100, 0, 60),
                            *more = progress_line("app", 200, 100, 0, 60);
        assert_non_null(strstr(line, "=] 100 B/100 B"));
        assert_non_null(strstr(more, "=] 200 B/100 B"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_line_shows_what_there_is_room_for),
                cmocka_unit_test(a_size_that_is_not_known_is_not_shown),
                cmocka_unit_test(no_width_is_too_small),
                cmocka_unit_test(a_finished_bar_is_full),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
