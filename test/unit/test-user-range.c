/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "user-range.h"

static void a_range_is_two_numbers_that_fit(void **state) {
        IdRange r;
        assert_int_equal(id_range_parse("2000289792:65536", &r), 0);
        assert_int_equal(r.shift, 2000289792u);
        assert_int_equal(r.count, 65536);
        assert_int_equal(id_range_parse("4294901759:65536", &r), 0); /* the highest number is no ID */
        static const char *const wrong[] = { "", ":", "1", "1:", ":1", "1:0", "-1:1", "1:1:1",
                "4294901760:65536", "1:4294967295", "x:1" };
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_int_equal(id_range_parse(wrong[i], &r), -EINVAL);
}

static void ranges_overlap_from_their_first_to_their_last_number(void **state) {
        const IdRange r = { 1000, 100 };
        assert_true(id_range_overlaps(r, 1000, 1));
        assert_true(id_range_overlaps(r, 1099, 1));
        assert_true(id_range_overlaps(r, 0, 1001));
        assert_true(id_range_overlaps(r, 0, UINT64_MAX));
        assert_false(id_range_overlaps(r, 0, 1000));
        assert_false(id_range_overlaps(r, 1100, 1));
        assert_false(id_range_overlaps(r, 1050, 0));
}

static bool overlaps(const char *text) {
        return subids_overlap(text, strlen(text), (IdRange){ 1000, 100 });
}

static void what_subuid_gives_away_is_found_and_other_lines_are_passed_over(void **state) {
        assert_true(overlaps("user:900:101\n"));
        assert_true(overlaps("# words\n\nother:1:1\nuser:1099:1"));
        assert_false(overlaps("user:900:100\nuser:1100:65536\n"));
        assert_false(overlaps(""));
        assert_false(overlaps("user:1000\nuser:1000:\nuser:x:100\nuser:-1:5000\n"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_range_is_two_numbers_that_fit),
                cmocka_unit_test(ranges_overlap_from_their_first_to_their_last_number),
                cmocka_unit_test(what_subuid_gives_away_is_found_and_other_lines_are_passed_over),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
