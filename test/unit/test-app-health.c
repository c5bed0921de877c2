/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "alloc.h"
#include "app-health.h"
#include "app-life.h"
#include "health-state.h"
#include "strv.h"

static int parse(const char *name, const char *value, AppHealth *ret, char **ret_error) {
        _cleanup_name_values_ NameValueList l = {};
        name_values_add(&l, name, value);
        return app_health_parse(&l, ret, ret_error);
}

static void an_app_of_which_nothing_is_said_is_not_checked(void **state) {
        NameValueList none = {};
        _cleanup_app_health_ AppHealth h = {};
        _cleanup_free_ char *error = NULL;
        assert_int_equal(app_health_parse(&none, &h, &error), 0);
        assert_null(h.command);
        assert_int_equal(h.on_failure, HEALTH_ACTION_NONE);
}

static void commands_are_read_in_the_forms_of_docker_and_podman(void **state) {
        static const struct {
                const char *value, *words; /* separated by "|"; NULL: no check */
        } table[] = {
                { "redis-cli ping | grep PONG", "/bin/sh|-c|redis-cli ping | grep PONG" },
                { "CMD-SHELL curl -f localhost", "/bin/sh|-c|curl -f localhost" },
                { "CMD  curl -f localhost", "curl|-f|localhost" },
                { "[\"CMD\", \"curl\", \"a b\"]", "curl|a b" },
                { "[\"curl\", \"a b\"]", "curl|a b" },
                { "[\"/bin/check\"]", "/bin/check" },
                { "[\"CMD-SHELL\", \"a || exit 1\"]", "/bin/sh|-c|a || exit 1" },
                { "[ -e /tmp/ok ]", "/bin/sh|-c|[ -e /tmp/ok ]" },
                { "[\"unfinished\"", "/bin/sh|-c|[\"unfinished\"" },
                { "none", NULL },
                { "NONE", NULL },
                { "[\"NONE\"]", NULL },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_app_health_ AppHealth h = {};
                _cleanup_free_ char *error = NULL;
                assert_int_equal(parse(APP_HEALTH_CMD_ANNOTATION, table[i].value, &h, &error), 0);
                _cleanup_free_ char *words = h.command ? strv_join(h.command, "|") : NULL;
                assert_true(streq_ptr(words, table[i].words));
        }
}

static void times_numbers_and_actions_are_read(void **state) {
        _cleanup_name_values_ NameValueList l = {};
        _cleanup_app_health_ AppHealth h = {};
        _cleanup_free_ char *error = NULL;
        name_values_add(&l, APP_HEALTH_CMD_ANNOTATION, "true");
        assert_int_equal(app_health_parse(&l, &h, &error), 0);
        assert_int_equal(h.interval_ms, 30000);
        assert_int_equal(h.timeout_ms, 30000);
        assert_int_equal(h.start_period_ms, 0);
        assert_int_equal(h.start_interval_ms, 5000);
        assert_int_equal(h.retries, 3);
        app_health_done(&h);
        name_values_add(&l, APP_HEALTH_INTERVAL_ANNOTATION, "1m30s");
        name_values_add(&l, APP_HEALTH_TIMEOUT_ANNOTATION, "2");
        name_values_add(&l, APP_HEALTH_START_PERIOD_ANNOTATION, "0");
        name_values_add(&l, APP_HEALTH_START_INTERVAL_ANNOTATION, "500ms");
        name_values_add(&l, APP_HEALTH_RETRIES_ANNOTATION, "1");
        name_values_add(&l, APP_HEALTH_ON_FAILURE_ANNOTATION, "restart");
        assert_int_equal(app_health_parse(&l, &h, &error), 0);
        assert_int_equal(h.interval_ms, 90000);
        assert_int_equal(h.timeout_ms, 2000);
        assert_int_equal(h.start_period_ms, 0);
        assert_int_equal(h.start_interval_ms, 500);
        assert_int_equal(h.retries, 1);
        assert_int_equal(h.on_failure, HEALTH_ACTION_RESTART);
}

static void wrong_values_are_refused_with_their_annotation(void **state) {
        static const struct {
                const char *name, *value, *error;
        } table[] = {
                { APP_HEALTH_CMD_ANNOTATION, "", "no command" },
                { APP_HEALTH_CMD_ANNOTATION, " \t", "no command" },
                { APP_HEALTH_CMD_ANNOTATION, "CMD ", "no command" },
                { APP_HEALTH_CMD_ANNOTATION, "[]", "no command" },
                { APP_HEALTH_CMD_ANNOTATION, "[\"CMD\"]", "no command" },
                { APP_HEALTH_CMD_ANNOTATION, "[\"\"]", "no command" },
                { APP_HEALTH_CMD_ANNOTATION, "[\"CMD-SHELL\"]", "no command" },
                { APP_HEALTH_INTERVAL_ANNOTATION, "disable", "neither a duration" },
                { APP_HEALTH_INTERVAL_ANNOTATION, "0", "too short" },
                { APP_HEALTH_INTERVAL_ANNOTATION, "10us", "too short" },
                { APP_HEALTH_TIMEOUT_ANNOTATION, "0s", "too short" },
                { APP_HEALTH_START_INTERVAL_ANNOTATION, "0", "too short" },
                { APP_HEALTH_START_PERIOD_ANNOTATION, "-1s", "neither a duration" },
                { APP_HEALTH_RETRIES_ANNOTATION, "0", "1 or more" },
                { APP_HEALTH_RETRIES_ANNOTATION, "many", "1 or more" },
                { APP_HEALTH_ON_FAILURE_ANNOTATION, "pause", "none, kill, restart or stop" },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                AppHealth h = {};
                _cleanup_free_ char *error = NULL;
                assert_true(parse(table[i].name, table[i].value, &h, &error) < 0);
                assert_non_null(strstr(error, table[i].name));
                assert_non_null(strstr(error, table[i].error));
        }
}

static void what_hangs_on_a_check_needs_one(void **state) {
        static const struct {
                const char *name, *value, *command;
                int result;
        } table[] = {
                { APP_NOTIFY_ANNOTATION, "healthy", NULL, -EINVAL },
                { APP_NOTIFY_ANNOTATION, "healthy", "none", -EINVAL },
                { APP_NOTIFY_ANNOTATION, "healthy", "true", 0 },
                { APP_NOTIFY_ANNOTATION, "true", NULL, 0 },
                { APP_HEALTH_INTERVAL_ANNOTATION, "1s", NULL, -EINVAL },
                { APP_HEALTH_INTERVAL_ANNOTATION, "1s", "none", 0 },
                { APP_HEALTH_ON_FAILURE_ANNOTATION, "kill", NULL, -EINVAL },
                { APP_HEALTH_ON_FAILURE_ANNOTATION, "kill", "true", 0 },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_name_values_ NameValueList l = {};
                _cleanup_app_life_ AppLife life = {};
                _cleanup_free_ char *error = NULL;
                name_values_add(&l, table[i].name, table[i].value);
                if (table[i].command)
                        name_values_add(&l, APP_HEALTH_CMD_ANNOTATION, table[i].command);
                assert_int_equal(app_life_parse(&l, &life, &error), 0);
                assert_int_equal(app_life_check(&l, &life, &error), table[i].result);
                assert_int_equal(error != NULL, table[i].result < 0);
        }
}

static void what_is_found_is_read_as_it_was_written(void **state) {
        HealthState s = { .status = HEALTH_UNHEALTHY,
                .failing = 4,
                .checked_at = 1732276800123456789,
                .exit_code = 137,
                .timed_out = true };
        _cleanup_health_state_ HealthState read = {};
        size_t size;
        _cleanup_free_ char *text = health_state_format(&s, "one\ntwo\n", 8, &size);
        assert_int_equal(health_state_parse(text, size, &read), 0);
        assert_int_equal(read.status, HEALTH_UNHEALTHY);
        assert_int_equal(read.failing, 4);
        assert_int_equal(read.checked_at, s.checked_at);
        assert_int_equal(read.exit_code, 137);
        assert_true(read.timed_out);
        assert_string_equal(read.output, "one\ntwo\n");
        _cleanup_free_ char *line = health_output_last_line(read.output);
        assert_string_equal(line, "two");
}

static void what_is_no_such_file_is_refused(void **state) {
        static const char *const table[] = { "", "status=healthy", "status=healthy\n", "\n",
                "status=ill\n\n", "failing=1\n\n", "status=healthy\nfailing=-1\n\n",
                "status=healthy\nexit=256\n\n" };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                HealthState s = {};
                assert_int_equal(health_state_parse(table[i], strlen(table[i]), &s), -EBADMSG);
                assert_null(s.output);
        }
}

static void output_is_fit_for_a_terminal_and_for_json(void **state) {
        static const struct {
                const char *raw, *clean;
        } table[] = {
                { "plain\n\ttext", "plain\n\ttext" },
                { "\033[31mred", "?[31mred" },
                { "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
                                "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80" },
                { "\x9f\x98\x80 cut", " cut" },
                { "a\xff"
                  "b\xc0\x80"
                  "c",
                                "a?b??c" },
                { "\xed\xa0\x80", "???" },
                { "a\xc2\x9b"
                  "31m",
                                "a??31m" },
                { "cut \xe2\x82", "cut ??" },
                { "\x7f\r", "??" },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *clean = health_output_clean(table[i].raw, strlen(table[i].raw));
                assert_string_equal(clean, table[i].clean);
        }
        _cleanup_free_ char *with_nul = health_output_clean("a\0b", 3);
        assert_string_equal(with_nul, "a?b");
        static const char *const empty[] = { "", "\n", " \n\t\n" };
        for (size_t i = 0; i < ELEMENTSOF(empty); i++) {
                _cleanup_free_ char *line = health_output_last_line(empty[i]);
                assert_string_equal(line, "");
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_app_of_which_nothing_is_said_is_not_checked),
                cmocka_unit_test(commands_are_read_in_the_forms_of_docker_and_podman),
                cmocka_unit_test(times_numbers_and_actions_are_read),
                cmocka_unit_test(wrong_values_are_refused_with_their_annotation),
                cmocka_unit_test(what_hangs_on_a_check_needs_one),
                cmocka_unit_test(what_is_found_is_read_as_it_was_written),
                cmocka_unit_test(what_is_no_such_file_is_refused),
                cmocka_unit_test(output_is_fit_for_a_terminal_and_for_json),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
