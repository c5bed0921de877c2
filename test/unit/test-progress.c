/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>

#include "log.h"
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

#define ROWS    6
#define COLUMNS 50

/* As much of a terminal as bars need. */
typedef struct Terminal {
        int master, saved_stderr;
        char rows[ROWS + 20][COLUMNS + 1];
        size_t row, column;
} Terminal;

static void terminal_open(Terminal *t) {
        struct winsize size = { .ws_row = ROWS, .ws_col = COLUMNS };
        int slave;
        *t = (Terminal){};
        unsetenv("TERM");
        assert_int_equal(openpty(&t->master, &slave, NULL, NULL, &size), 0);
        fcntl(t->master, F_SETFL, O_NONBLOCK);
        t->saved_stderr = dup(STDERR_FILENO);
        dup2(slave, STDERR_FILENO);
        close(slave);
}

static void take_text(Terminal *t, const char *s) {
        while (*s) {
                unsigned n = 0;
                if (*s == '\033') {
                        s += 2;
                        while (*s >= '0' && *s <= '9')
                                n = n * 10 + (unsigned) (*s++ - '0');
                        if (*s == 'A')
                                t->row -= n;
                        for (size_t i = t->row; *s == 'J' && i < ELEMENTSOF(t->rows); i++)
                                t->rows[i][i == t->row ? t->column : 0] = 0;
                } else if (*s == '\r')
                        t->column = 0;
                else if (*s == '\n')
                        t->row++;
                else {
                        assert_true(t->row < ELEMENTSOF(t->rows) && t->column < COLUMNS);
                        t->rows[t->row][t->column++] = *s;
                        t->rows[t->row][t->column] = 0;
                }
                s++;
        }
}

static void terminal_read(Terminal *t) {
        char text[8192];
        ssize_t n;
        while ((n = read(t->master, text, sizeof(text) - 1)) > 0) {
                text[n] = 0;
                take_text(t, text);
        }
}

static void terminal_close(Terminal *t) {
        dup2(t->saved_stderr, STDERR_FILENO);
        close(t->saved_stderr);
        close(t->master);
}

static void bars_stand_below_each_other_and_messages_above_them(void **state) {
        Terminal t;
        terminal_open(&t);
        ProgressBar *a = progress_bar_new("a"), *b = progress_bar_new("b");
        progress_bar_set(a, 100, 1000);
        usleep(110000);
        progress_bar_set(b, 200, 1000);
        terminal_read(&t);
        assert_non_null(strstr(t.rows[0], "a: [===>"));
        assert_non_null(strstr(t.rows[1], "b: [======>"));
        log_info("message");
        progress_bar_set(a, 300, 1000);
        terminal_read(&t);
        assert_string_equal(t.rows[0], "rkt: message");
        assert_non_null(strstr(t.rows[1], "a: ["));
        assert_non_null(strstr(t.rows[2], "b: ["));
        progress_bar_end(a, true);
        terminal_read(&t);
        assert_string_equal(t.rows[1], "a: 300 B");
        assert_non_null(strstr(t.rows[2], "b: ["));
        progress_bar_end(b, false);
        terminal_read(&t);
        assert_string_equal(t.rows[2], "");
        assert_int_equal(t.row, 2);
        assert_int_equal(t.column, 0);
        terminal_close(&t);
}

static void more_bars_than_rows_do_not_scroll(void **state) {
        Terminal t;
        ProgressBar *bars[10];
        terminal_open(&t);
        for (size_t i = 0; i < ELEMENTSOF(bars); i++)
                bars[i] = progress_bar_new("bar");
        usleep(110000);
        progress_bar_set(bars[0], 1, 2);
        terminal_read(&t);
        assert_int_equal(t.row, ROWS - 2);
        for (size_t i = 0; i < ELEMENTSOF(bars); i++)
                progress_bar_end(bars[i], false);
        terminal_read(&t);
        assert_int_equal(t.row, 0);
        terminal_close(&t);
}

static void a_window_that_became_narrower_is_cleaned_up(void **state) {
        struct winsize narrow = { .ws_row = ROWS, .ws_col = 20 };
        char text[200];
        Terminal t;
        terminal_open(&t);
        ProgressBar *b = progress_bar_new("bar");
        progress_bar_set(b, 1, 2);
        terminal_read(&t);
        size_t length = strlen(t.rows[0]);
        assert_true(length > 20);
        ioctl(t.master, TIOCSWINSZ, &narrow);
        progress_bar_end(b, false);
        ssize_t n = read(t.master, text, sizeof(text) - 1);
        assert_true(n > 0);
        text[n] = 0;
        _cleanup_free_ char *expected = NULL;
        assert_true(asprintf(&expected, "\r\033[%zuA\033[J", (length - 1) / 20) > 0);
        assert_string_equal(text, expected);
        terminal_close(&t);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_line_shows_what_there_is_room_for),
                cmocka_unit_test(a_size_that_is_not_known_is_not_shown),
                cmocka_unit_test(no_width_is_too_small),
                cmocka_unit_test(a_finished_bar_is_full),
                cmocka_unit_test(bars_stand_below_each_other_and_messages_above_them),
                cmocka_unit_test(more_bars_than_rows_do_not_scroll),
                cmocka_unit_test(a_window_that_became_narrower_is_cleaned_up),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
