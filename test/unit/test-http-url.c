/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "http-url.h"

static void a_url_is_taken_apart(void **state) {
        _cleanup_http_url_ HttpUrl u = {};
        _cleanup_free_ char *error = NULL;
        assert_int_equal(http_url_parse("HTTPS://us%65r:p%40ss@Example.COM:8443/a?b#c", &u, &error), 0);
        assert_true(u.https);
        assert_string_equal(u.host, "example.com");
        assert_string_equal(u.port, "8443");
        assert_string_equal(u.host_port, "example.com:8443");
        assert_string_equal(u.user, "user");
        assert_string_equal(u.password, "p@ss");
        assert_null(strstr(u.text, "ss"));
        assert_null(strchr(u.text, '#'));
}

static void assert_host_port(const char *text, const char *host, const char *port, const char *host_port) {
        _cleanup_http_url_ HttpUrl u = {};
        _cleanup_free_ char *error = NULL;
        assert_int_equal(http_url_parse(text, &u, &error), 0);
        assert_string_equal(u.host, host);
        assert_string_equal(u.port, port);
        assert_string_equal(u.host_port, host_port);
}

static void credentials_are_looked_up_with_the_port_if_it_is_an_unusual_one(void **state) {
        assert_host_port("https://h/", "h", "443", "h");
        assert_host_port("https://h:443/", "h", "443", "h");
        assert_host_port("http://h:443/", "h", "443", "h:443");
        assert_host_port("http://h", "h", "80", "h");
        assert_host_port("http://[::1]:5000/", "::1", "5000", "[::1]:5000");
        assert_host_port("http://[::1]/", "::1", "80", "[::1]");
}

static void what_is_no_web_address_is_refused(void **state) {
        static const struct {
                const char *text;
                int error;
        } cases[] = {
                { "file:///etc/passwd", -EINVAL },
                { "ftp://h/x", -EPROTONOSUPPORT },
                { "https:/user:secret@h", -EINVAL },
                { "http:///x", -EINVAL },
                { "/x", -EINVAL },
                { "", -EINVAL },
                { "http://h:99999/", -EINVAL },
                { "http://a b/", -EINVAL },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_http_url_ HttpUrl u = {};
                _cleanup_free_ char *error = NULL;
                assert_int_equal(http_url_parse(cases[i].text, &u, &error), cases[i].error);
                assert_non_null(error);
        }
}

static void assert_follows(const char *location, const char *expected) {
        _cleanup_http_url_ HttpUrl from = {}, to = {};
        _cleanup_free_ char *error = NULL;
        assert_int_equal(http_url_parse("https://user:pass@h:1/a/b?c", &from, &error), 0);
        int r = http_url_follow(&from, location, &to, &error);
        if (!expected) {
                assert_true(r < 0);
                return;
        }
        assert_int_equal(r, 0);
        assert_string_equal(to.text, expected);
        assert_null(to.user);
}

static void a_redirect_leads_where_it_says_from_where_it_stands(void **state) {
        assert_follows("d", "https://h:1/a/d");
        assert_follows("/d?e#f", "https://h:1/d?e");
        assert_follows("//other/d", "https://other/d");
        assert_follows("http://other/with space", "http://other/with%20space");
        assert_follows("file:///d", NULL);
        assert_follows("https://me:mine@h:1/", NULL);
}

static void an_origin_is_scheme_host_and_port(void **state) {
        static const struct {
                const char *a, *b;
                bool same;
        } cases[] = {
                { "https://h/a", "https://H:443/b", true },
                { "https://h/", "http://h:443/", false },
                { "https://h/", "https://h:444/", false },
                { "https://h/", "https://h.example/", false },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_http_url_ HttpUrl a = {}, b = {};
                _cleanup_free_ char *error = NULL;
                assert_int_equal(http_url_parse(cases[i].a, &a, &error), 0);
                assert_int_equal(http_url_parse(cases[i].b, &b, &error), 0);
                assert_int_equal(http_url_same_origin(&a, &b), cases[i].same);
        }
}

static void secrets_in_urls_are_not_shown(void **state) {
        static const char *const cases[][2] = {
                { "https://h/a", "https://h/a" },
                { "https://u:p@ss@h/a", "https://***@h/a" },
                { "https://u@h", "https://***@h" },
                { "https://h/a@b", "https://h/a@b" },
                { "https://h/?a=b&c", "https://h/?a=b&c" },
                { "https://h/?access_token=x&a=b", "https://h/?access_token=***&a=b" },
                { "https://h/?a=0123456789012345678901234567890", "https://h/?a=***" },
                { "https://h/?0123456789012345678901234567890", "https://h/?***" },
                { "https://h/#secret", "https://h/" },
                { "/path", "/path" },
                { "https:/user:secret@h", "***@h" },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *masked = http_url_mask(cases[i][0]);
                assert_string_equal(masked, cases[i][1]);
        }
}

static void addresses_that_only_this_host_can_reach_are_known(void **state) {
        static const struct {
                const char *host;
                HttpAddressKind kind;
        } cases[] = {
                { "127.0.0.1", HTTP_ADDRESS_LOOPBACK },
                { "127.9.9.9", HTTP_ADDRESS_LOOPBACK },
                { "0.0.0.0", HTTP_ADDRESS_LOOPBACK },
                { "2130706433", HTTP_ADDRESS_LOOPBACK },
                { "0x7f.1", HTTP_ADDRESS_LOOPBACK },
                { "::1", HTTP_ADDRESS_LOOPBACK },
                { "::", HTTP_ADDRESS_LOOPBACK },
                { "::ffff:127.0.0.1", HTTP_ADDRESS_LOOPBACK },
                { "localhost", HTTP_ADDRESS_LOOPBACK },
                { "localhost.", HTTP_ADDRESS_LOOPBACK },
                { "a.localhost", HTTP_ADDRESS_LOOPBACK },
                { "169.254.169.254", HTTP_ADDRESS_LINK_LOCAL },
                { "::ffff:169.254.169.254", HTTP_ADDRESS_LINK_LOCAL },
                { "64:ff9b::a9fe:a9fe", HTTP_ADDRESS_LINK_LOCAL },
                { "fe80::1", HTTP_ADDRESS_LINK_LOCAL },
                { "fe80::1%eth0", HTTP_ADDRESS_LINK_LOCAL },
                { "fd00:ec2::254", HTTP_ADDRESS_LINK_LOCAL },
                { "100.100.100.200", HTTP_ADDRESS_LINK_LOCAL },
                { "metadata.google.internal", HTTP_ADDRESS_LINK_LOCAL },
                { "metadata.google.internal.", HTTP_ADDRESS_LINK_LOCAL },
                { "192.0.2.1", HTTP_ADDRESS_OTHER },
                { "2001:db8::1", HTTP_ADDRESS_OTHER },
                { "notlocalhost", HTTP_ADDRESS_OTHER },
                { "example.com", HTTP_ADDRESS_OTHER },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_int_equal(http_address_kind(cases[i].host), cases[i].kind);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_url_is_taken_apart),
                cmocka_unit_test(credentials_are_looked_up_with_the_port_if_it_is_an_unusual_one),
                cmocka_unit_test(what_is_no_web_address_is_refused),
                cmocka_unit_test(a_redirect_leads_where_it_says_from_where_it_stands),
                cmocka_unit_test(an_origin_is_scheme_host_and_port),
                cmocka_unit_test(secrets_in_urls_are_not_shown),
                cmocka_unit_test(addresses_that_only_this_host_can_reach_are_known),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
