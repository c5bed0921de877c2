/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "www-authenticate.h"

static void a_token_server_is_found_in_a_registrys_challenge(void **state) {
        _cleanup_challenges_ ChallengeList l = {};
        assert_int_equal(challenges_parse(&l,
                                         "Bearer realm=\"https://auth.docker.io/token\",service="
                                         "\"registry.docker.io\",scope=\"repository:library/redis:pull\""),
                        0);
        assert_int_equal(l.n, 1);
        const Challenge *c = challenges_find(&l, "bearer");
        assert_non_null(c);
        assert_string_equal(challenge_get(c, "realm"), "https://auth.docker.io/token");
        assert_string_equal(challenge_get(c, "service"), "registry.docker.io");
        assert_string_equal(challenge_get(c, "scope"), "repository:library/redis:pull");
        assert_null(challenge_get(c, "error"));
}

static void several_challenges_and_several_lines_are_told_apart(void **state) {
        _cleanup_challenges_ ChallengeList l = {};
        /* the example of RFC 9110, section 11.6.1 */
        assert_int_equal(challenges_parse(&l, "Basic realm=\"simple\", Newauth realm=\"apps\", type=1, "
                                              "title=\"Login to \\\"apps\\\"\""),
                        0);
        assert_int_equal(challenges_parse(&l, "Negotiate YWJj==, , bearer\t,Digest Realm = x , QOP=\"a,b\""),
                        0);
        assert_int_equal(l.n, 5);
        assert_string_equal(challenge_get(&l.items[0], "realm"), "simple");
        assert_int_equal(l.items[0].parameters.n, 1);
        assert_string_equal(challenge_get(&l.items[1], "title"), "Login to \"apps\"");
        assert_string_equal(challenge_get(&l.items[1], "type"), "1");
        assert_string_equal(l.items[2].token68, "YWJj==");
        assert_string_equal(l.items[3].scheme, "bearer");
        assert_int_equal(l.items[3].parameters.n, 0);
        assert_string_equal(challenge_get(&l.items[4], "realm"), "x");
        assert_string_equal(challenge_get(&l.items[4], "qop"), "a,b");
        assert_ptr_equal(challenges_find(&l, "NEWAUTH"), &l.items[1]);
        assert_null(challenges_find(&l, "Hoba"));
}

static void empty_fields_have_no_challenges(void **state) {
        _cleanup_challenges_ ChallengeList l = {};
        assert_int_equal(challenges_parse(&l, ""), 0);
        assert_int_equal(challenges_parse(&l, " , ,\t"), 0);
        assert_int_equal(l.n, 0);
}

static void what_is_not_written_by_the_grammar_adds_nothing(void **state) {
        static const char *const bad[] = { "realm=x", "Basic realm=\"x", "Basic realm=\"x\\",
                "Basic x=y, realm=", "Basic realm=x y=z", "Basic realm=\"x\"y", "Basic realm=x, REALM=y",
                "Basic a b", "Basic\"x\"", "Basic realm=\"a\nb\"", "Basic abc==, x=y", "Bearer/realm=x", "(",
                "Basic , =x", "B\xc3\xa4r", "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a" };
        _cleanup_challenges_ ChallengeList l = {};
        assert_int_equal(challenges_parse(&l, "Basic"), 0);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                assert_int_equal(challenges_parse(&l, bad[i]), -EINVAL);
                assert_int_equal(l.n, 1);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_token_server_is_found_in_a_registrys_challenge),
                cmocka_unit_test(several_challenges_and_several_lines_are_told_apart),
                cmocka_unit_test(empty_fields_have_no_challenges),
                cmocka_unit_test(what_is_not_written_by_the_grammar_adds_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
