/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "ip-address.h"

static IpAddress ip(const char *text) {
        IpAddress a;
        assert_int_equal(ip_parse(text, &a), 0);
        return a;
}

static IpPrefix prefix(const char *text) {
        IpPrefix p;
        assert_int_equal(ip_prefix_parse(text, &p), 0);
        return p;
}

static void assert_ip(IpAddress a, const char *expected) {
        char text[IP_TEXT_MAX];
        assert_string_equal(ip_format(&a, text), expected);
}

static void an_address_is_written_as_it_was_read(void **state) {
        assert_ip(ip("10.1.2.3"), "10.1.2.3");
        assert_ip(ip("2001:db8:0:0::1"), "2001:db8::1");
        assert_ip((IpAddress){}, "");
        char text[IP_PREFIX_TEXT_MAX];
        IpPrefix p = prefix("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
        assert_string_equal(ip_prefix_format(&p, text), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
}

static void what_is_no_address_is_refused(void **state) {
        static const char *const addresses[] = { "", "10", "10.1.2", "10.1.2.3.4", "10.1.2.256",
                "fe80::1%eth0", "1::2::3", " 10.1.2.3" };
        IpAddress a;
        for (size_t i = 0; i < ELEMENTSOF(addresses); i++)
                if (ip_parse(addresses[i], &a) == 0)
                        fail_msg("%s was taken", addresses[i]);
        static const char *const prefixes[] = { "10.1.2.3", "10.1.2.3/", "10.1.2.3/33", "10.1.2.3/08",
                "::/129", "10.1.2.3/-1", "10.1.2.3/24 ", "/24", "10.1.2.3/0000024" };
        IpPrefix p;
        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++)
                if (ip_prefix_parse(prefixes[i], &p) == 0)
                        fail_msg("%s was taken", prefixes[i]);
}

static void adding_carries_and_borrows(void **state) {
        IpAddress a = ip("10.0.0.255"), b = ip("fd00::ffff:ffff"), c = ip("10.1.0.0"), d = ip("fd00::");
        assert_ip(ip_add(&a, 1), "10.0.1.0");
        assert_ip(ip_add(&b, 2), "fd00::1:0:1");
        assert_ip(ip_add(&c, -1), "10.0.255.255");
        assert_ip(ip_add(&d, -1), "fcff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

static void a_prefix_knows_its_ends_and_what_it_holds(void **state) {
        IpPrefix p = prefix("10.1.2.3/22"), v6 = prefix("fd00::5/65"), all = prefix("0.0.0.0/0");
        assert_ip(ip_prefix_first(&p), "10.1.0.0");
        assert_ip(ip_prefix_last(&p), "10.1.3.255");
        assert_ip(ip_prefix_last(&v6), "fd00::7fff:ffff:ffff:ffff");
        IpAddress in = ip("10.1.3.7"), out = ip("10.1.4.0"), other = ip("fd00::1");
        assert_true(ip_prefix_contains(&p, &in));
        assert_false(ip_prefix_contains(&p, &out));
        assert_false(ip_prefix_contains(&p, &other));
        assert_false(ip_prefix_contains(&all, &other));
        assert_true(ip_prefix_contains(&all, &out));
}

static void overlaps_are_seen_from_both_sides(void **state) {
        IpPrefix a = prefix("10.1.0.0/16"), b = prefix("10.1.200.0/24"), c = prefix("10.2.0.0/16");
        assert_true(ip_prefix_overlaps(&a, &b));
        assert_true(ip_prefix_overlaps(&b, &a));
        assert_false(ip_prefix_overlaps(&a, &c));
}

static void addresses_are_ordered_by_number(void **state) {
        IpAddress a = ip("9.255.0.0"), b = ip("10.0.0.1"), c = ip("::1");
        assert_true(ip_compare(&a, &b) < 0);
        assert_true(ip_compare(&b, &a) > 0);
        assert_true(ip_compare(&b, &c) < 0);
        assert_true(ip_equal(&b, &b));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_address_is_written_as_it_was_read),
                cmocka_unit_test(what_is_no_address_is_refused),
                cmocka_unit_test(adding_carries_and_borrows),
                cmocka_unit_test(a_prefix_knows_its_ends_and_what_it_holds),
                cmocka_unit_test(overlaps_are_seen_from_both_sides),
                cmocka_unit_test(addresses_are_ordered_by_number),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
