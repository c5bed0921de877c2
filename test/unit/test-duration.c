/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "duration.h"

static void durations_parse_as_in_go(void **state) {
        int64_t ns;
        assert_int_equal(duration_parse("1h30m", &ns), 0);
        assert_int_equal(ns, 5400 * INT64_C(1000000000));
        assert_int_equal(duration_parse("1.5s", &ns), 0);
        assert_int_equal(ns, 1500000000);
        assert_int_equal(duration_parse("-5ms", &ns), 0);
        assert_int_equal(ns, -5000000);
        assert_int_equal(duration_parse("0", &ns), 0);
        assert_int_equal(ns, 0);
        const char *const bad[] = { "", "5", "s", "1x", "1..5s", ".s", "1h 5m", "--1s", "9999999999h" };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_true(duration_parse(bad[i], &ns) < 0);
}

static void durations_are_exact_and_print_as_in_go(void **state) {
        static const struct {
                const char *text;
                int64_t ns;
                const char *printed;
        } cases[] = {
                { "24h", INT64_C(86400000000000), "24h0m0s" },
                { "1h1m1.000000001s", INT64_C(3661000000001), "1h1m1.000000001s" },
                { "90s", INT64_C(90000000000), "1m30s" },
                { "1500ms", 1500000000, "1.5s" },
                { "1.5ms", 1500000, "1.5ms" },
                { "1500ns", 1500, "1.5µs" },
                { "100ns", 100, "100ns" },
                { "0.3333333333333333333333h", INT64_C(1199999999999), "19m59.999999999s" },
                { "9223372036854775807ns", INT64_MAX, "2562047h47m16.854775807s" },
                { "-9223372036854775808ns", INT64_MIN, "-2562047h47m16.854775808s" },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                int64_t ns = 0;
                assert_int_equal(duration_parse(cases[i].text, &ns), 0);
                assert_int_equal(ns, cases[i].ns);
                _cleanup_free_ char *printed = duration_format(ns);
                assert_string_equal(printed, cases[i].printed);
        }
        int64_t ns;
        assert_int_equal(duration_parse("9223372036854775808ns", &ns), -34);
        assert_int_equal(duration_parse("99999999999999999999999999999999h1ns", &ns), -34);
}

static void a_wait_is_a_duration_or_a_boolean(void **state) {
        int64_t ns = 7;
        assert_int_equal(duration_parse_wait("true", &ns), 0);
        assert_int_equal(ns, DURATION_FOREVER);
        assert_int_equal(duration_parse_wait("false", &ns), 0);
        assert_int_equal(ns, 0);
        assert_int_equal(duration_parse_wait("1.5s", &ns), 0);
        assert_int_equal(ns, 1500000000);
        assert_int_equal(duration_parse_wait("-5s", &ns), 0);
        assert_int_equal(ns, DURATION_FOREVER);
        assert_int_equal(duration_parse_wait("soon", &ns), -EINVAL);
}

static void times_read_as_people_say_them(void **state) {
        static const struct {
                int64_t age;
                const char *text;
        } cases[] = {
                { 0, "just now" },
                { 1, "1 second ago" },
                { 59, "59 seconds ago" },
                { 60, "1 minute ago" },
                { 7200, "2 hours ago" },
                { 90000, "1 day ago" },
                { -120, "2 minutes from now" },
                { 864000, "1 week ago" },
                { 86400 * 400, "1 year ago" },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *s = time_ago(1000000000 - cases[i].age, 1000000000);
                assert_string_equal(s, cases[i].text);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(durations_parse_as_in_go),
                cmocka_unit_test(durations_are_exact_and_print_as_in_go),
                cmocka_unit_test(a_wait_is_a_duration_or_a_boolean),
                cmocka_unit_test(times_read_as_people_say_them),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
