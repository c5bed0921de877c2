/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "cache-control.h"
#include "reference.h"

static void references_are_told_apart_as_rkt_does(void **state) {
        static const struct {
                const char *text, *location;
                ReferenceKind kind;
        } samples[] = {
                { "sha512-abcdef", "sha512-abcdef", REFERENCE_ID },
                { "example.com/app", "example.com/app", REFERENCE_NAME },
                { "example.com/app:v1.0,os=linux", "example.com/app:v1.0,os=linux", REFERENCE_NAME },
                { "my-app:v1.0", "my-app:v1.0", REFERENCE_NAME },
                { "app.aci", "app.aci", REFERENCE_FILE },
                { "./app", "./app", REFERENCE_FILE },
                { "../x/app", "../x/app", REFERENCE_FILE },
                { "name:1.aci", "name:1.aci", REFERENCE_NAME },
                { "/any/path", "/any/path", REFERENCE_FILE },
                { "file:///a%20b/c.aci", "/a b/c.aci", REFERENCE_FILE },
                { "file://localhost/c.aci", "/c.aci", REFERENCE_FILE },
                { "https://example.com/x.aci", "https://example.com/x.aci", REFERENCE_URL },
                { "http://example.com/x.aci?a=b", "http://example.com/x.aci?a=b", REFERENCE_URL },
                { "docker://busybox", "docker://busybox", REFERENCE_DOCKER },
                { "cimd:docker:v=0:x", "cimd:docker:v=0:x", REFERENCE_CIMD },
        };
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                _cleanup_reference_ Reference r = {};
                _cleanup_free_ char *error = NULL;
                assert_int_equal(reference_parse(samples[i].text, &r, &error), 0);
                assert_int_equal(r.kind, samples[i].kind);
                assert_string_equal(r.location, samples[i].location);
        }
}

static void urls_that_are_no_archives_are_refused(void **state) {
        static const char *const bad[] = { "", "https://example.com/app", "http://example.com/?x=.aci",
                "file:///a/b", "file://host/x.aci", "file:///%00.aci", "file:///%zz.aci", "http:///x.aci" };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_reference_ Reference r = {};
                _cleanup_free_ char *error = NULL;
                assert_true(reference_parse(bad[i], &r, &error) < 0);
                assert_non_null(error);
        }
}

static void max_age_is_read_as_rkt_does(void **state) {
        assert_int_equal(cache_control_max_age("max-age=10"), 10);
        assert_int_equal(cache_control_max_age("public, Max-Age=10 , max-age=20"), 20);
        assert_int_equal(cache_control_max_age("max-age=10, no-store"), 0);
        assert_int_equal(cache_control_max_age("no-cache"), 0);
        assert_int_equal(cache_control_max_age("max-age=010"), 0);
        assert_int_equal(cache_control_max_age("max-age=-1"), 0);
        assert_int_equal(cache_control_max_age(""), 0);
        assert_int_equal(cache_control_max_age("max-age=99999999999999999999"), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(references_are_told_apart_as_rkt_does),
                cmocka_unit_test(urls_that_are_no_archives_are_refused),
                cmocka_unit_test(max_age_is_read_as_rkt_does),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
