/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "alloc.h"
#include "app-io.h"

static int parse(const char *name, const char *value, AppIo *ret, char **ret_error) {
        _cleanup_name_values_ NameValueList l = {};
        name_values_add(&l, name, value);
        return app_io_parse(&l, ret, ret_error);
}

static void without_annotations_input_is_null_and_output_is_logged(void **state) {
        NameValueList none = {};
        _cleanup_app_io_ AppIo io = {};
        char *error = NULL;
        assert_int_equal(app_io_parse(&none, &io, &error), 0);
        assert_int_equal(io.modes[0], APP_IO_NULL);
        assert_int_equal(io.modes[1], APP_IO_LOG);
        assert_int_equal(io.modes[2], APP_IO_LOG);
        assert_null(io.log_path);
        assert_true(app_io_is_default(&io));
        assert_false(app_io_attachable(&io));
}

static void modes_are_those_of_rkt_and_input_is_not_logged(void **state) {
        static const struct {
                const char *name, *value;
                bool good;
        } table[] = {
                { APP_STDIN_ANNOTATION, "null", true },
                { APP_STDIN_ANNOTATION, "stream", true },
                { APP_STDIN_ANNOTATION, "tty", true },
                { APP_STDIN_ANNOTATION, "log", false },
                { APP_STDOUT_ANNOTATION, "log", true },
                { APP_STDOUT_ANNOTATION, "tty", true },
                { APP_STDERR_ANNOTATION, "stream", true },
                { APP_STDERR_ANNOTATION, "interactive", false },
                { APP_STDERR_ANNOTATION, "", false },
                { APP_LOG_FILE_SIZE_ANNOTATION, "4Ki", true },
                { APP_LOG_FILE_SIZE_ANNOTATION, "4095", false },
                { APP_LOG_FILE_SIZE_ANNOTATION, "much", false },
                { APP_LOG_FILE_COUNT_ANNOTATION, "2", true },
                { APP_LOG_FILE_COUNT_ANNOTATION, "1", false },
                { APP_LOG_FILE_COUNT_ANNOTATION, "1001", false },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_app_io_ AppIo io = {};
                _cleanup_free_ char *error = NULL;
                int r = parse(table[i].name, table[i].value, &io, &error);
                if ((r >= 0) != table[i].good)
                        fail_msg("%s=%s: %d", table[i].name, table[i].value, r);
                assert_int_equal(r < 0, error != NULL);
                if (error)
                        assert_non_null(strstr(error, table[i].name));
        }
}

static void streams_and_a_terminal_exclude_each_other(void **state) {
        _cleanup_name_values_ NameValueList l = {};
        _cleanup_app_io_ AppIo io = {};
        _cleanup_free_ char *error = NULL;
        name_values_add(&l, APP_STDIN_ANNOTATION, "tty");
        name_values_add(&l, APP_STDERR_ANNOTATION, "stream");
        assert_int_equal(app_io_parse(&l, &io, &error), -EINVAL);
        assert_non_null(strstr(error, "stdin=tty, stdout=log, stderr=stream"));
}

static void log_paths_stay_below_their_directory(void **state) {
        const char *const good[] = { "a", "a.log", "a/b.log", "..a", "a/..b" };
        const char *const bad[] = { "", "/", "/a", "..", "a/..", "../a", "a/../b", "a//b", "a/", "./a",
                "a/./b" };
        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_true(app_log_path_is_valid(good[i]));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_false(app_log_path_is_valid(bad[i]));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(without_annotations_input_is_null_and_output_is_logged),
                cmocka_unit_test(modes_are_those_of_rkt_and_input_is_not_logged),
                cmocka_unit_test(streams_and_a_terminal_exclude_each_other),
                cmocka_unit_test(log_paths_stay_below_their_directory),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
