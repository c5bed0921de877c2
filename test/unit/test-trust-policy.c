/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "alloc.h"
#include "trust-policy.h"

#define FILE_OF(prefixes, policy)                                                                           \
        "{\"rktKind\": \"trust\", \"rktVersion\": \"v1\", \"prefixes\": " prefixes                          \
        ", \"policy\": \"" policy "\"}"

static int add(TrustRules *l, const char *text) {
        _cleanup_free_ char *error = NULL;
        int r = trust_rules_parse("x.json", text, strlen(text), l, &error);
        assert_true(r < 0 ? error != NULL : error == NULL);
        return r;
}

static void the_longest_prefix_counts_by_whole_components(void **state) {
        _cleanup_trust_rules_ TrustRules l = {};
        assert_null(trust_rules_find(&l, "example.com/app"));
        assert_int_equal(add(&l, FILE_OF("[\"example.com/\", \"localhost:5000\"]", "accept")), 0);
        assert_int_equal(add(&l, FILE_OF("[\"*\"]", "reject")), 0);
        assert_int_equal(add(&l, FILE_OF("[\"example.com/app\", \"/srv\"]", "signature")), 0);
        static const struct {
                const char *name;
                TrustPolicy policy;
        } samples[] = {
                { "example.com/app", TRUST_SIGNATURE },
                { "example.com/app/x", TRUST_SIGNATURE },
                { "example.com/application", TRUST_ACCEPT },
                { "example.com", TRUST_ACCEPT },
                { "example.community/app", TRUST_REJECT },
                { "localhost:5000/redis", TRUST_ACCEPT },
                { "localhost:50001/redis", TRUST_REJECT },
                { "/srv/images/x.aci", TRUST_SIGNATURE },
                { "/srv2", TRUST_REJECT },
        };
        for (size_t i = 0; i < ELEMENTSOF(samples); i++)
                assert_int_equal(trust_rules_find(&l, samples[i].name)->policy, samples[i].policy);
}

static void what_is_not_understood_is_an_error(void **state) {
        static const char *const bad[] = {
                FILE_OF("[]", "accept"),
                FILE_OF("[\"\"]", "accept"),
                FILE_OF("[\"a*\"]", "accept"),
                FILE_OF("[\"a//b\"]", "accept"),
                FILE_OF("[\"a\", \"a/\"]", "accept"),
                FILE_OF("[\"a\"]", "yes"),
                FILE_OF("\"a\"", "accept"),
                "{\"rktKind\": \"trust\", \"rktVersion\": \"v1\", \"prefixes\": [\"a\"]}",
                "{\"rktKind\": \"auth\", \"rktVersion\": \"v1\", \"prefixes\": [\"a\"], \"policy\": "
                "\"accept\"}",
                "[]",
        };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_trust_rules_ TrustRules l = {};
                assert_true(add(&l, bad[i]) < 0);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_longest_prefix_counts_by_whole_components),
                cmocka_unit_test(what_is_not_understood_is_an_error),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
