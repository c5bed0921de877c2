/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <signal.h>

#include "alloc.h"
#include "app-life.h"
#include "log-limit.h"
#include "start-order.h"
#include "strv.h"

static int parse(const char *name, const char *value, AppLife *ret, char **ret_error) {
        _cleanup_name_values_ NameValueList l = {};
        name_values_add(&l, name, value);
        return app_life_parse(&l, ret, ret_error);
}

static void an_app_without_annotations_is_stopped_by_sigterm_and_not_started_again(void **state) {
        NameValueList none = {};
        _cleanup_app_life_ AppLife l = {};
        _cleanup_free_ char *error = NULL;
        assert_int_equal(app_life_parse(&none, &l, &error), 0);
        assert_int_equal(l.stop_signal, SIGTERM);
        assert_int_equal(l.stop_timeout_ms, 10000);
        assert_int_equal(l.restart, RESTART_NO);
        assert_int_equal(strv_length(l.after), 0);
        assert_false(l.notify);
        assert_false(app_life_restarts(&l, 1, 0));
}

static void values_are_read_in_the_forms_that_people_know(void **state) {
        static const struct {
                const char *name, *value;
                int signal;
                uint64_t timeout_ms;
                RestartPolicy restart;
                uint64_t max;
                bool notify;
        } table[] = {
                { APP_STOP_SIGNAL_ANNOTATION, "SIGQUIT", 3, 10000, RESTART_NO, 0, false },
                { APP_STOP_SIGNAL_ANNOTATION, "9", 9, 10000, RESTART_NO, 0, false },
                { APP_STOP_TIMEOUT_ANNOTATION, "30", 15, 30000, RESTART_NO, 0, false },
                { APP_STOP_TIMEOUT_ANNOTATION, "1m30s", 15, 90000, RESTART_NO, 0, false },
                { APP_STOP_TIMEOUT_ANNOTATION, "0", 15, 0, RESTART_NO, 0, false },
                { APP_RESTART_ANNOTATION, "on-failure", 15, 10000, RESTART_ON_FAILURE, 0, false },
                { APP_RESTART_ANNOTATION, "on-failure:3", 15, 10000, RESTART_ON_FAILURE, 3, false },
                { APP_RESTART_ANNOTATION, "always", 15, 10000, RESTART_ALWAYS, 0, false },
                { APP_RESTART_ANNOTATION, "no", 15, 10000, RESTART_NO, 0, false },
                { APP_NOTIFY_ANNOTATION, "true", 15, 10000, RESTART_NO, 0, true },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_app_life_ AppLife l = {};
                _cleanup_free_ char *error = NULL;
                assert_int_equal(parse(table[i].name, table[i].value, &l, &error), 0);
                assert_int_equal(l.stop_signal, table[i].signal);
                assert_int_equal(l.stop_timeout_ms, table[i].timeout_ms);
                assert_int_equal(l.restart, table[i].restart);
                assert_int_equal(l.restart_max, table[i].max);
                assert_int_equal(l.notify, table[i].notify);
        }
}

static void wrong_values_are_refused_with_their_annotation(void **state) {
        static const struct {
                const char *name, *value, *error;
        } table[] = {
                { APP_AFTER_ANNOTATION, "", "is not a list of apps" },
                { APP_AFTER_ANNOTATION, "a,,b", "is not a list of apps" },
                { APP_AFTER_ANNOTATION, "A", "is not a list of apps" },
                { APP_RESTART_ANNOTATION, "unless-stopped", "is not a policy" },
                { APP_RESTART_ANNOTATION, "on-failure:", "is not a policy" },
                { APP_RESTART_ANNOTATION, "on-failure:-1", "is not a policy" },
                { APP_RESTART_ANNOTATION, "always:3", "is not a policy" },
                { APP_STOP_SIGNAL_ANNOTATION, "NO", "is not a signal" },
                { APP_STOP_TIMEOUT_ANNOTATION, "-1s", "neither a duration" },
                { APP_STOP_TIMEOUT_ANNOTATION, "soon", "neither a duration" },
                { APP_LOG_RATE_ANNOTATION, "1000", "is no rate" },
                { APP_LOG_RATE_ANNOTATION, "0/1s", "is no rate" },
                { APP_LOG_RATE_ANNOTATION, "-1/1s", "is no rate" },
                { APP_LOG_RATE_ANNOTATION, "5/0", "is no rate" },
                { APP_LOG_RATE_ANNOTATION, "5/1us", "is no rate" },
                { APP_LOG_RATE_ANNOTATION, "/1s", "is no rate" },
                { APP_NOTIFY_ANNOTATION, "maybe", "expected true, false or healthy" },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                AppLife l = {};
                _cleanup_free_ char *error = NULL;
                assert_true(parse(table[i].name, table[i].value, &l, &error) < 0);
                assert_non_null(strstr(error, table[i].name));
                assert_non_null(strstr(error, table[i].error));
        }
}

static void how_much_is_kept_of_what_is_said(void **state) {
        uint64_t lines = 0, ms = 0, bytes = 0;
        char *error = NULL;
        assert_int_equal(log_rate_parse("1000/1m30s", &lines, &ms, &error), 0);
        assert_int_equal(lines, 1000);
        assert_int_equal(ms, 90000);
        assert_int_equal(log_size_parse("64Mi", &bytes, &error), 0);
        assert_int_equal(bytes, 64 << 20);
        assert_int_equal(log_size_parse("1048576", &bytes, &error), 0);
        const char *const wrong[] = { "", "1", "1048575", "-1Gi", "much" };
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                assert_true(log_size_parse(wrong[i], &bytes, &error) < 0);
                assert_non_null(strstr(error, "expected a size"));
                free(TAKE_PTR(error));
        }
}

static void on_failure_restarts_failures_only_and_not_more_often_than_said(void **state) {
        AppLife l = { .restart = RESTART_ON_FAILURE };
        assert_false(app_life_restarts(&l, 0, 0));
        assert_true(app_life_restarts(&l, 1, 1000));
        l.restart_max = 2;
        assert_true(app_life_restarts(&l, 137, 1));
        assert_false(app_life_restarts(&l, 137, 2));
        l = (AppLife){ .restart = RESTART_ALWAYS };
        assert_true(app_life_restarts(&l, 0, 1000));
}

static void the_time_until_a_restart_doubles_up_to_a_minute(void **state) {
        assert_int_equal(app_life_restart_delay_ns(0), 100 * NSEC_PER_MSEC);
        assert_int_equal(app_life_restart_delay_ns(1), 200 * NSEC_PER_MSEC);
        assert_int_equal(app_life_restart_delay_ns(9), 51200 * NSEC_PER_MSEC);
        assert_int_equal(app_life_restart_delay_ns(10), 60 * NSEC_PER_SEC);
        assert_int_equal(app_life_restart_delay_ns(UINT64_MAX), 60 * NSEC_PER_SEC);
}

/* spec: "a:b,c b c:b": apps with what each starts after. Returns the order, or the error. */
static char *order(const char *spec) {
        _cleanup_pod_manifest_ PodManifest *m = pod_manifest_new();
        _cleanup_strv_ char **words = strv_split(spec, ' ');
        STRV_FOREACH (word, words) {
                char *after = strchr(*word, ':');
                if (after)
                        *after++ = 0;
                RuntimeApp *a = pod_manifest_add_app(m, *word, "sha512-0");
                if (after)
                        name_values_add(&a->annotations, APP_AFTER_ANNOTATION, after);
        }
        _cleanup_free_ size_t *indices = xnew(size_t, m->n_apps);
        char *error = NULL;
        if (pod_start_order(m, indices, &error) < 0)
                return error;
        char **names = strv_copy(NULL);
        for (size_t i = 0; i < m->n_apps; i++)
                strv_add(&names, m->apps[indices[i]].name);
        char *text = strv_join(names, " ");
        strv_free(names);
        return text;
}

static void apps_start_behind_those_they_name_and_otherwise_as_they_are_listed(void **state) {
        static const struct {
                const char *spec, *order;
        } table[] = {
                { "a b c", "a b c" },
                { "a:c b c", "b c a" },
                { "web:db,cache cache:db db", "db cache web" },
                { "a:b b c d:a", "b a c d" },
                { "a:b,b b", "b a" },
                { "a:x", "app a: it is to start after \"x\", but the pod has no such app" },
                { "a:a", "the apps wait for each other: a after a" },
                { "z a:b b:c c:b", "the apps wait for each other: c after b after c" },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *text = order(table[i].spec);
                assert_string_equal(text, table[i].order);
        }
}

static void what_an_app_takes_from_its_unit_is_read(void **state) {
        _cleanup_app_life_ AppLife reload = {}, sockets = {}, none = {};
        _cleanup_free_ char *error = NULL;
        assert_int_equal(parse(APP_RELOAD_SIGNAL_ANNOTATION, "HUP", &reload, &error), 0);
        assert_int_equal(reload.reload_signal, SIGHUP);
        assert_null(reload.sockets);
        assert_int_equal(parse(APP_SOCKETS_ANNOTATION, "web.socket,admin", &sockets, &error), 0);
        assert_int_equal(strv_length(sockets.sockets), 2);
        assert_string_equal(sockets.sockets[1], "admin");
        assert_int_equal(sockets.reload_signal, 0);
        assert_true(parse(APP_SOCKETS_ANNOTATION, "a,,b", &none, &error) < 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_an_app_takes_from_its_unit_is_read),
                cmocka_unit_test(an_app_without_annotations_is_stopped_by_sigterm_and_not_started_again),
                cmocka_unit_test(values_are_read_in_the_forms_that_people_know),
                cmocka_unit_test(wrong_values_are_refused_with_their_annotation),
                cmocka_unit_test(how_much_is_kept_of_what_is_said),
                cmocka_unit_test(on_failure_restarts_failures_only_and_not_more_often_than_said),
                cmocka_unit_test(the_time_until_a_restart_doubles_up_to_a_minute),
                cmocka_unit_test(apps_start_behind_those_they_name_and_otherwise_as_they_are_listed),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
