/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "quantity.h"

static void quantities_have_a_value_a_milli_value_and_one_canonical_form(void **state) {
        static const struct {
                const char *text;
                int64_t value, milli;
                const char *canonical;
        } table[] = {
                { "0", 0, 0, "0" },
                { "0Ki", 0, 0, "0" },
                { "1", 1, 1000, "1" },
                { "+5", 5, 5000, "5" },
                { "500m", 1, 500, "500m" },
                { "0.5", 1, 500, "500m" },
                { ".5", 1, 500, "500m" },
                { "1.", 1, 1000, "1" },
                { "1.5", 2, 1500, "1500m" },
                { "1.5k", 1500, 1500000, "1500" },
                { "1000", 1000, 1000000, "1k" },
                { "1000M", 1000000000, 1000000000000, "1G" },
                { "128Mi", 134217728, 134217728000, "128Mi" },
                { "1024Ki", 1048576, 1048576000, "1Mi" },
                { "1.5Gi", 1610612736, 1610612736000, "1536Mi" },
                { "0.5Ki", 512, 512000, "512" },
                { "0.1Ki", 103, 102400, "102400m" },
                { "1e3", 1000, 1000000, "1e3" },
                { "1E3", 1000, 1000000, "1e3" },
                { "12e-1", 2, 1200, "1200e-3" },
                { "1e1", 10, 10000, "10" },
                { "1E", 1000000000000000000, INT64_MAX, "1E" },
                { "8Ei", INT64_MAX, INT64_MAX, "9223372036854775807" },
                { "7Ei", 8070450532247928832, INT64_MAX, "7Ei" },
                { "1n", 1, 1, "1n" },
                { "1u", 1, 1, "1u" },
                { "0.0000000001", 1, 1, "1n" },
                { "1.0000000001", 2, 1001, "1000000001n" },
                { "-1", -1, -1000, "-1" },
                { "-0.5", -1, -500, "-500m" },
                { "-1.5Gi", -1610612736, -1610612736000, "-1536Mi" },
                { "99999999999999999999", INT64_MAX, INT64_MAX, "9223372036854775807" },
                { "1e999999999", INT64_MAX, INT64_MAX, "9223372036854775807" },
                { "1e-999999999", 1, 1, "1e-9" },
                { "0e999999999", 0, 0, "0" },
                { "000000000000000000000000000000000000001", 1, 1000, "1" },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Quantity q = {};
                if (quantity_parse(table[i].text, &q) < 0)
                        fail_msg("\"%s\" was refused", table[i].text);
                _cleanup_free_ char *canonical = quantity_format(q);
                if (quantity_value(q) != table[i].value || quantity_milli(q) != table[i].milli ||
                                !streq(canonical, table[i].canonical))
                        fail_msg("\"%s\": %jd, %jd, %s", table[i].text, (intmax_t) quantity_value(q),
                                        (intmax_t) quantity_milli(q), canonical);
        }
}

static void what_is_no_number_with_a_suffix_is_refused(void **state) {
        static const char *const bad[] = { "", " ", "m", ".", "-", "+-1", "1 ", " 1", "1x", "1ki", "1KI",
                "1Kib", "1i", "1e", "1e+", "1ee3", "1e1.5", "1.2.3", "0x10", "1,5", "1mm", "1K",
                "1e9999999999", "Inf", "1 k" };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                Quantity q;
                if (quantity_parse(bad[i], &q) != -22)
                        fail_msg("\"%s\" was accepted", bad[i]);
        }
}

static void the_canonical_form_reads_as_the_same_quantity(void **state) {
        static const char *const texts[] = { "123456789n", "1.5Ei", "3e-2", "77777Ki", "0.3", "-12.5Mi" };
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                Quantity a, b;
                assert_int_equal(quantity_parse(texts[i], &a), 0);
                _cleanup_free_ char *canonical = quantity_format(a);
                assert_int_equal(quantity_parse(canonical, &b), 0);
                assert_true(a.nano == b.nano);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(quantities_have_a_value_a_milli_value_and_one_canonical_form),
                cmocka_unit_test(what_is_no_number_with_a_suffix_is_refused),
                cmocka_unit_test(the_canonical_form_reads_as_the_same_quantity),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
