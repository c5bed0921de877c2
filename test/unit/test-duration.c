/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

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

static void times_read_as_people_say_them(void **state) {
        static const struct {
                int64_t age;
                const char *text;
        } cases[] = {
                { 0, "just now" },         { 1, "1 second ago" },   { 59, "59 seconds ago" }, { 60, "1 minute ago" },
                { 7200, "2 hours ago" },   { 90000, "1 day ago" },  { -120, "2 minutes from now" },
                { 864000, "1 week ago" },  { 86400 * 400, "1 year ago" },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *s = time_ago(1000000000 - cases[i].age, 1000000000);
                assert_string_equal(s, cases[i].text);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(durations_parse_as_in_go),
                cmocka_unit_test(times_read_as_people_say_them),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
