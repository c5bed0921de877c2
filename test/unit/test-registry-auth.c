/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "alloc.h"
#include "registry-auth.h"

static void a_realm_may_have_a_query_and_loses_its_fragment(void **state) {
        static const char *const samples[][4] = {
                { "https://auth.example/token", "reg", "repository:a/b:pull",
                                "https://auth.example/token?service=reg&scope=repository%3Aa%2Fb%3Apull" },
                { "https://auth.example/token?x=1#y", "reg & more", "s",
                                "https://auth.example/token?x=1&service=reg%20%26%20more&scope=s" },
                { "https://auth.example/", NULL, "a b", "https://auth.example/?scope=a%20b" },
        };
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                _cleanup_free_ char *url = registry_token_url(samples[i][0], samples[i][1], samples[i][2]);
                assert_string_equal(url, samples[i][3]);
        }
}

static void nothing_can_be_smuggled_into_a_form(void **state) {
        _cleanup_free_ char *form = registry_token_form("a&b", "s", "x=1&grant_type=password");
        assert_string_equal(form,
                        "grant_type=refresh_token&client_id=rkt&service=a%26b&scope=s&refresh_token="
                        "x%3D1%26grant_type%3Dpassword");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_realm_may_have_a_query_and_loses_its_fragment),
                cmocka_unit_test(nothing_can_be_smuggled_into_a_form),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
