/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "rate-limit.h"

static void without_a_burst_everything_passes(void **state) {
        RateLimit l = { .interval = 10 };
        for (uint64_t now = 0; now < 100; now++)
                assert_true(rate_limit_pass(&l, now / 50));
        assert_int_equal(rate_limit_dropped(&l, 100, true), 0);
}

static void a_window_lets_its_burst_pass_and_no_more(void **state) {
        RateLimit l = { .burst = 2, .interval = 10 };
        assert_true(rate_limit_pass(&l, 5));
        assert_true(rate_limit_pass(&l, 6));
        assert_false(rate_limit_pass(&l, 7));
        assert_false(rate_limit_pass(&l, 14));
        assert_int_equal(rate_limit_dropped(&l, 14, false), 0); /* not over yet */
        assert_int_equal(rate_limit_dropped(&l, 15, false), 2);
        assert_int_equal(rate_limit_dropped(&l, 15, false), 0); /* told once */
        assert_true(rate_limit_pass(&l, 15));
        assert_true(rate_limit_pass(&l, 16));
        assert_false(rate_limit_pass(&l, 24));
}

static void at_the_end_all_are_told(void **state) {
        RateLimit l = { .burst = 1, .interval = 10 };
        assert_true(rate_limit_pass(&l, 1));
        assert_false(rate_limit_pass(&l, 2));
        assert_int_equal(rate_limit_dropped(&l, 3, true), 1);
        assert_false(rate_limit_pass(&l, 4));
        assert_int_equal(rate_limit_dropped(&l, 5, true), 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(without_a_burst_everything_passes),
                cmocka_unit_test(a_window_lets_its_burst_pass_and_no_more),
                cmocka_unit_test(at_the_end_all_are_told),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
