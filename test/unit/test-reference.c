/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "alloc.h"
#include "cache-control.h"
#include "reference.h"

#define HEX64  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST "sha256:" HEX64

static void references_are_told_apart_as_rkt_does(void **state) {
        static const struct {
                const char *text, *location;
                ReferenceKind kind;
        } samples[] = {
                { "sha512-abcdef", "sha512-abcdef", REFERENCE_ID },
                { "sha256-abcdef", "sha256-abcdef", REFERENCE_ID },
                { "example.com/app", "example.com/app", REFERENCE_NAME },
                { "example.com/app:v1.0,os=linux", "example.com/app:v1.0,os=linux", REFERENCE_NAME },
                { "my-app:v1.0", "my-app:v1.0", REFERENCE_NAME },
                { "app.aci", "app.aci", REFERENCE_FILE },
                { "./app", "./app", REFERENCE_FILE },
                { "./app:1", "./app:1", REFERENCE_FILE },
                { "../x/app", "../x/app", REFERENCE_FILE },
                { "name:1.aci", "name:1.aci", REFERENCE_NAME },
                { "/any/path:1", "/any/path:1", REFERENCE_FILE },
                { "file:///a%20b/c.aci", "/a b/c.aci", REFERENCE_FILE },
                { "file://localhost/c.aci", "/c.aci", REFERENCE_FILE },
                { "https://example.com/x.aci", "https://example.com/x.aci", REFERENCE_URL },
                { "http://example.com/x.aci?a=b", "http://example.com/x.aci?a=b", REFERENCE_URL },
                { "cimd:aci-archive:v=0:file%3A%2F%2F%2Fa%2520b", "/a b", REFERENCE_FILE },
                { "cimd:aci-archive:v=0:https%3A%2F%2Fexample.com%2Fx.aci%3Fb%26a",
                                "https://example.com/x.aci?b&a", REFERENCE_URL },
                { "cimd:appc:v=0:example.com%2Fapp?os=linux&version=v1%2C0", NULL, 0 },
                { "cimd:appc:v=0:example.com/app?os=linux&version=v1%2B0", "example.com/app:v1+0,os=linux",
                                REFERENCE_NAME },
                { "cimd:docker:v=0:busybox", "docker.io/library/busybox:latest", REFERENCE_REGISTRY },
                { "oci:/a/b", "/a/b", REFERENCE_OCI_LAYOUT },
                { "oci:dir:7", "dir", REFERENCE_OCI_LAYOUT },
                { "oci-archive:a.tar:docker.io/library/redis:7", "a.tar", REFERENCE_OCI_ARCHIVE },
                { "docker-archive:/a.tar:redis", "/a.tar", REFERENCE_DOCKER_ARCHIVE },
        };
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                _cleanup_reference_ Reference r = {};
                _cleanup_free_ char *error = NULL;
                int x = reference_parse(samples[i].text, &r, &error);
                assert_int_equal(x, samples[i].location ? 0 : -EINVAL);
                if (x < 0)
                        continue;
                assert_int_equal(r.kind, samples[i].kind);
                assert_string_equal(r.location, samples[i].location);
                assert_string_equal(r.text, samples[i].text);
        }
}

static void names_in_registries_are_completed_as_docker_does(void **state) {
        static const struct {
                const char *text, *location, *host, *repository, *tag, *digest;
        } samples[] = {
                { "docker:redis", "docker.io/library/redis:latest", "docker.io", "library/redis", "latest",
                                NULL },
                { "docker://redis:7", "docker.io/library/redis:7", "docker.io", "library/redis", "7", NULL },
                { "docker://a/b", "docker.io/a/b:latest", "docker.io", "a/b", "latest", NULL },
                { "docker://docker.io/redis", "docker.io/library/redis:latest", "docker.io", "library/redis",
                                "latest", NULL },
                { "docker://index.docker.io/redis:7", "docker.io/library/redis:7", "docker.io",
                                "library/redis", "7", NULL },
                { "docker://registry-1.docker.io/library/redis:7", "docker.io/library/redis:7", "docker.io",
                                "library/redis", "7", NULL },
                { "docker://localhost/x", "localhost/x:latest", "localhost", "x", "latest", NULL },
                { "docker://localhost:5000/x@" DIGEST, "localhost:5000/x@" DIGEST, "localhost:5000", "x",
                                NULL, DIGEST },
                { "docker://Host:5000/x", "host:5000/x:latest", "host:5000", "x", "latest", NULL },
                { "docker://quay.io/a/b__c/d--e:T_a.g-1@" DIGEST, "quay.io/a/b__c/d--e@" DIGEST, "quay.io",
                                "a/b__c/d--e", "T_a.g-1", DIGEST },
                { "docker://[::1]:5000/x", "[::1]:5000/x:latest", "[::1]:5000", "x", "latest", NULL },
                { "docker:localhost:5000", "docker.io/library/localhost:5000", "docker.io",
                                "library/localhost", "5000", NULL },
                { "oci://registry/x:1", "registry/x:1", "registry", "x", "1", NULL },
                { "oci://docker.io/redis", "docker.io/library/redis:latest", "docker.io", "library/redis",
                                "latest", NULL },
                { "cimd:docker:v=0:quay.io/a:1", "quay.io/a:1", "quay.io", "a", "1", NULL },
        };
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                _cleanup_reference_ Reference r = {};
                _cleanup_free_ char *error = NULL;
                assert_int_equal(reference_parse(samples[i].text, &r, &error), 0);
                assert_int_equal(r.kind, REFERENCE_REGISTRY);
                assert_string_equal(r.location, samples[i].location);
                assert_string_equal(r.host, samples[i].host);
                assert_string_equal(r.repository, samples[i].repository);
                assert_true(streq_ptr(r.tag, samples[i].tag));
                assert_true(streq_ptr(r.digest, samples[i].digest));
        }
}

static void images_of_layouts_are_named_by_ref_and_digest(void **state) {
        static const struct {
                const char *text, *ref, *digest;
        } samples[] = {
                { "oci:dir", NULL, NULL },
                { "oci:dir:v1.0@x", "v1.0@x", NULL },
                { "oci:dir@" DIGEST, NULL, DIGEST },
                { "oci-archive:dir/x.tar:a/b:c--d@" DIGEST, "a/b:c--d", DIGEST },
                { "docker-archive:x.tar", NULL, NULL },
                { "docker-archive:x.tar:redis", "docker.io/library/redis:latest", NULL },
                { "docker-archive:x.tar:localhost:5000/redis:7", "localhost:5000/redis:7", NULL },
        };
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                _cleanup_reference_ Reference r = {};
                _cleanup_free_ char *error = NULL;
                assert_int_equal(reference_parse(samples[i].text, &r, &error), 0);
                assert_true(streq_ptr(r.ref, samples[i].ref));
                assert_true(streq_ptr(r.digest, samples[i].digest));
        }
}

static void what_is_no_reference_is_refused_with_what_was_expected(void **state) {
        char repository[300], tag[200];
        static const struct {
                const char *text, *error;
        } samples[] = {
                { "", "cannot be empty" },
                { "https://example.com/app", "must end in .aci" },
                { "http://example.com/?x=.aci", "must end in .aci" },
                { "file:///a/b", "must end in .aci" },
                { "file://host/x.aci", "expected file:///PATH" },
                { "file:///%00.aci", "expected file:///PATH" },
                { "file:///%zz.aci", "expected file:///PATH" },
                { "http:///x.aci", "is not a URL" },
                { "sha512-xyz", "not an image ID" },
                { "sha256-" HEX64 "0", "not an image ID" },
                { "App", "not an AC identifier" },
                { "docker:", "the repository is empty" },
                { "docker://Redis", "\"Redis\" has \"R\" as character 1: expected lower-case" },
                { "docker://a/b//c", "\"a/b//c\" has \"/\" as character 5" },
                { "docker://a/b-", "ends too early" },
                { "docker://a..b", "as character 3" },
                { "docker://a___b", "as character 4" },
                { "docker://example.com/", "the repository is empty" },
                { "docker://-a.com/x", "the host \"-a.com\" has \"-\" as character 1" },
                { "docker://a-.com/x", "the host \"a-.com\" has \".\" as character 3" },
                { "docker://host:/x", "expected a number from 1 to 65535" },
                { "docker://host:65536/x", "expected a number from 1 to 65535" },
                { "docker://host:080/x", "expected a number from 1 to 65535" },
                { "docker://[::1/x", "the host is \"[::1\"" },
                { "docker://redis:", "the tag is empty" },
                { "docker://redis:-1", "\"-1\" has \"-\" as character 1" },
                { "docker://redis:a b", "the tag has the byte 0x20 as character 2" },
                { "docker://redis@sha512:" HEX64 HEX64, "algorithm \"sha512\", which is not supported" },
                { "docker://redis@sha256:abc", "has 3 hexadecimal digits: expected 64" },
                { "docker://redis@sha256:ABC", "has \"A\" as character 8" },
                { "docker://user:word@host/repo", "\"host/repo\" behind the @ is not a digest" },
                { "oci://redis", "expected HOST[:PORT]/REPOSITORY" },
                { "oci:///dir", "the host is empty" },
                { "oci:", "the path is empty: expected a directory" },
                { "oci-archive::x", "the path is empty: expected a file" },
                { "oci:dir:", "the name of an image in it is empty" },
                { "oci:dir:a//b", "as character 3" },
                { "oci:dir@sha512:" HEX64 HEX64, "not supported" },
                { "docker-archive:x.tar:Redis", "has \"R\" as character 1" },
                { "docker-archive:x.tar:redis@" DIGEST, "no digest" },
                { "cimd:docker", "expected cimd:TYPE:v=0:DATA" },
                { "cimd:docker:0:x", "expected cimd:TYPE:v=0:DATA" },
                { "cimd:docker:v=1:x", "version \"1\" of cimd is not known" },
                { "cimd:oci:v=0:x", "type \"oci\" of cimd is not known" },
                { "cimd:appc:v=0:a%zz", "not an AC identifier" },
                { "cimd:appc:v=0:a:1", "not an AC identifier" },
                { "cimd:appc:v=0:a?b", "not a label" },
                { "cimd:aci-archive:v=0:%", "not percent-encoded" },
                { "cimd:aci-archive:v=0:ftp%3A%2F%2Fx", "is not a URL" },
        };
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                _cleanup_reference_ Reference r = {};
                _cleanup_free_ char *error = NULL;
                assert_int_equal(reference_parse(samples[i].text, &r, &error), -EINVAL);
                if (!strstr(error, samples[i].error))
                        fail_msg("%s\n\tinstead of %s", error, samples[i].error);
        }
        memset(repository, 'a', sizeof(repository));
        memset(tag, 'a', sizeof(tag));
        for (int too_long = 0; too_long < 2; too_long++) {
                _cleanup_reference_ Reference r = {}, t = {};
                _cleanup_free_ char *error = NULL, *error2 = NULL;
                _cleanup_free_ char *a = xasprintf("docker://h.io/%.*s", 255 + too_long, repository);
                _cleanup_free_ char *b = xasprintf("docker://redis:%.*s", 128 + too_long, tag);
                assert_int_equal(reference_parse(a, &r, &error), too_long ? -EINVAL : 0);
                assert_int_equal(reference_parse(b, &t, &error2), too_long ? -EINVAL : 0);
        }
}

static void references_are_printed_in_one_form(void **state) {
        static const struct {
                const char *text, *printed, *cimd;
        } samples[] = {
                { "sha512-abcdef", "sha512-abcdef", NULL },
                { "a.b/c,x=y z,arch=amd64,version=1,os=linux", "a.b/c:1,os=linux,arch=amd64,x=y z",
                                "cimd:appc:v=0:a.b%2Fc?arch=amd64&os=linux&version=1&x=y%20z" },
                { "cimd:appc:v=0:x.aci", "cimd:appc:v=0:x.aci", "cimd:appc:v=0:x.aci" },
                { "cimd:appc:v=0:docker?version=7", "cimd:appc:v=0:docker?version=7",
                                "cimd:appc:v=0:docker?version=7" },
                { "app.aci", "./app.aci", "" },
                { "/a b", "/a b", "cimd:aci-archive:v=0:file%3A%2F%2F%2Fa%2520b" },
                { "https://e.com/x.aci?b=1&a=2#f", "https://e.com/x.aci?b=1&a=2#f",
                                "cimd:aci-archive:v=0:https%3A%2F%2Fe.com%2Fx.aci%3Fa%3D2%26b%3D1%23f" },
                { "docker:redis", "docker://docker.io/library/redis:latest",
                                "cimd:docker:v=0:docker.io/library/redis:latest" },
                { "oci://h/r:1@" DIGEST, "oci://h/r:1@" DIGEST, NULL },
                { "oci:a:b@" DIGEST, "oci:a:b@" DIGEST, NULL },
                { "docker-archive:a:b", "docker-archive:a:docker.io/library/b:latest", NULL },
        };
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                _cleanup_reference_ Reference r = {}, again = {};
                _cleanup_free_ char *error = NULL, *error2 = NULL;
                assert_int_equal(reference_parse(samples[i].text, &r, &error), 0);
                _cleanup_free_ char *text = reference_to_text(&r), *cimd = reference_to_cimd(&r);
                assert_string_equal(text, samples[i].printed);
                if (!samples[i].cimd)
                        assert_null(cimd);
                else if (*samples[i].cimd)
                        assert_string_equal(cimd, samples[i].cimd);
                assert_int_equal(reference_parse(text, &again, &error2), 0);
                assert_true(reference_equal(&r, &again));
        }
}

static void equal_references_name_the_same_image(void **state) {
        static const struct {
                const char *a, *b;
                bool equal;
        } samples[] = {
                { "docker:redis", "cimd:docker:v=0:index.docker.io/library/redis:latest", true },
                { "docker:redis:7@" DIGEST, "docker:redis@" DIGEST, true },
                { "docker:redis:7", "docker:redis:8", false },
                { "a/b:1,os=linux", "cimd:appc:v=0:a/b?os=linux&version=1", true },
                { "a/b:1,os=linux", "a/b,os=linux", false },
                { "https://e.com/x.aci?a=1&b=2",
                                "cimd:aci-archive:v=0:https%3A%2F%2Fe.com%2Fx.aci%3Fb%3D2%26a%3D1", true },
                { "file:///x.aci", "/x.aci", true },
                { "oci:/a:1", "oci:/a:2", false },
                { "oci:/a:1", "oci-archive:/a:1", false },
        };
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                _cleanup_reference_ Reference a = {}, b = {};
                _cleanup_free_ char *error = NULL;
                assert_int_equal(reference_parse(samples[i].a, &a, &error), 0);
                assert_int_equal(reference_parse(samples[i].b, &b, &error), 0);
                assert_int_equal(reference_equal(&a, &b), samples[i].equal);
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
                cmocka_unit_test(names_in_registries_are_completed_as_docker_does),
                cmocka_unit_test(images_of_layouts_are_named_by_ref_and_digest),
                cmocka_unit_test(what_is_no_reference_is_refused_with_what_was_expected),
                cmocka_unit_test(references_are_printed_in_one_form),
                cmocka_unit_test(equal_references_name_the_same_image),
                cmocka_unit_test(max_age_is_read_as_rkt_does),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
