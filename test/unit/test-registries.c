/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "alloc.h"
#include "registries.h"

#define HEAD "{\"rktKind\": \"registries\", \"rktVersion\": \"v1\", \"registries\": "

static Registries *parse(const char *rules) {
        _cleanup_free_ char *text = xasprintf(HEAD "%s}", rules), *error = NULL;
        Registries *r = xnew(Registries, 1);
        if (registries_parse("file", text, strlen(text), r, &error) < 0)
                fail_msg("%s", error);
        return r;
}

/* HOST REPOSITORY, "!" for insecure, "~" for a mirror; one after the other. */
static char *resolved(const Registries *r, const char *host, const char *repository) {
        _cleanup_registry_endpoints_ RegistryEndpoints e = {};
        int x = registries_resolve(r, host, repository, &e);
        if (x < 0)
                return xasprintf("%d", x);
        char *text = xstrdup("");
        for (size_t i = 0; i < e.n; i++) {
                _cleanup_free_ char *before = text;
                text = xasprintf("%s%s%s %s%s%s", before, i ? ", " : "", e.items[i].host,
                                e.items[i].repository, e.items[i].insecure ? " !" : "",
                                e.items[i].mirror ? " ~" : "");
        }
        return text;
}

static void mirrors_come_first_and_the_longest_prefix_counts(void **state) {
        _cleanup_registries_ Registries *r =
                        parse("[{\"prefix\": \"index.docker.io\", \"mirrors\": [{\"location\": \"m:5000\", "
                              "\"insecure\": "
                              "true}, {\"location\": \"n/hub\"}]},"
                              "{\"prefix\": \"docker.io/team\", \"location\": \"t.example.com/x\"},"
                              "{\"prefix\": \"docker.io/team/secret\", \"blocked\": true},"
                              "{\"prefix\": \"whole.com/a/b\", \"location\": \"host-only\"},"
                              "{\"prefix\": \"*.example.com\", \"insecure\": true},"
                              "{\"prefix\": \"*.b.example.com\", \"location\": \"elsewhere/b\"},"
                              "{\"prefix\": \"a.b.example.com\"}]");
        static const struct {
                const char *host, *repository, *expected;
        } samples[] = {
                { "quay.io", "a/b", "quay.io a/b" },
                { "docker.io", "library/redis",
                                "m:5000 library/redis ! ~, n hub/library/redis ~, docker.io "
                                "library/redis" },
                { "docker.io", "team/app", "t.example.com x/app" },
                { "docker.io", "teams/app", "m:5000 teams/app ! ~, n hub/teams/app ~, docker.io teams/app" },
                { "docker.io", "team/secret", "-1" },
                { "docker.io", "team/secret/x", "-1" },
                { "docker.io", "team/secrets", "t.example.com x/secrets" },
                { "whole.com", "a/b/c", "host-only c" },
                { "whole.com", "a/b", "-22" },
                { "x.example.com", "y", "x.example.com y !" },
                { "x.y.example.com", "y", "x.y.example.com y !" },
                { "example.com", "y", "example.com y" },
                { "badexample.com", "y", "badexample.com y" },
                { "x.b.example.com", "y", "elsewhere b/y" },
                { "a.b.example.com", "y", "a.b.example.com y" },
        };
        assert_int_equal(-EPERM, -1);
        assert_int_equal(-EINVAL, -22);
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                _cleanup_free_ char *found = resolved(r, samples[i].host, samples[i].repository);
                assert_string_equal(found, samples[i].expected);
        }
}

static void wrong_rules_are_refused_with_their_place(void **state) {
        static const struct {
                const char *rules, *error;
        } samples[] = {
                { "{}", "registries: expected an array" },
                { "[1]", "registries[0]: expected an object" },
                { "[{}]", "registries[0].prefix: missing" },
                { "[{\"prefix\": \"\"}]", "registries[0].prefix: expected HOST" },
                { "[{\"prefix\": \"*.a/b\"}]", "registries[0].prefix: expected HOST" },
                { "[{\"prefix\": \"a.*\"}]", "registries[0].prefix: expected HOST" },
                { "[{\"prefix\": \"a//b\"}]", "registries[0].prefix: expected HOST" },
                { "[{\"prefix\": \"a\", \"location\": \"http://b\"}]",
                                "without a scheme, found \"http://b\"" },
                { "[{\"prefix\": \"a\", \"mirrors\": [{}]}]", "registries[0].mirrors[0].location: missing" },
                { "[{\"prefix\": \"a\", \"mirrors\": [{\"location\": \"b\", \"insecure\": 1}]}]",
                                "registries[0].mirrors[0].insecure: expected a boolean" },
                { "[{\"prefix\": \"a\"}, {\"prefix\": \"A:443\"}]", "prefix \"a\" is already in file" },
        };
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                _cleanup_free_ char *text = xasprintf(HEAD "%s}", samples[i].rules), *error = NULL;
                _cleanup_registries_ Registries *r = xnew(Registries, 1);
                assert_int_equal(registries_parse("file", text, strlen(text), r, &error), -EINVAL);
                if (!strstr(error, samples[i].error))
                        fail_msg("%s\n\tinstead of %s", error, samples[i].error);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(mirrors_come_first_and_the_longest_prefix_counts),
                cmocka_unit_test(wrong_rules_are_refused_with_their_place),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
