/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "types.h"

static void check_all(bool (*valid)(const char *), const char *const *strings, bool expected) {
        for (; *strings; strings++)
                if (valid(*strings) != expected)
                        fail_msg("\"%s\" should be %s", *strings, expected ? "valid" : "invalid");
}

#define GOOD(valid, ...) check_all(valid, (const char *const[]){ __VA_ARGS__, NULL }, true)
#define BAD(valid, ...)  check_all(valid, (const char *const[]){ __VA_ARGS__, NULL }, false)

static void names_are_words_joined_by_dashes(void **state) {
        GOOD(ac_name_is_valid, "a", "redis", "3proxy", "a-b", "worker-2-x");
        BAD(ac_name_is_valid, "", "-", "a-", "-a", "a--b", "A", "a_b", "a.b", "a/b", "a b", "a\n",
                        "\xc3\xa9");
}

static void identifiers_are_words_joined_by_one_separator(void **state) {
        GOOD(ac_identifier_is_valid, "a", "example.com/reduce-worker", "a-b.c_d~e/f", "a_b",
                        "coreos.com/etcd", "0");
        BAD(ac_identifier_is_valid, "", "/", "a/", "/a", "a//b", "a.-b", "Example.com", "a:b", "a,b", "a b");
}

static void sanitized_names_are_valid_or_nothing(void **state) {
        static const char *const names[][3] = {
                { "Redis", "redis", "redis" },
                { "foo_bar", "foo-bar", "foo_bar" },
                { "a--b", "a-b", "a-b" },
                { "..x..", "x", "x" },
                { "a #B", "a-b", "a_b" },
                { "example.com/App", "example-com-app", "example.com/app" },
                { "--", NULL, NULL },
                { "", NULL, NULL },
        };
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *name = ac_name_sanitize(names[i][0]),
                                    *identifier = ac_identifier_sanitize(names[i][0]);
                assert_true(streq_ptr(name, names[i][1]));
                assert_true(streq_ptr(identifier, names[i][2]));
                assert_true(!name || ac_name_is_valid(name));
                assert_true(!identifier || ac_identifier_is_valid(identifier));
        }
}

static void an_app_is_called_after_the_last_part_of_its_image(void **state) {
        _cleanup_free_ char *a = app_name_from_image("quay.io/team/my_redis.v3"),
                            *b = app_name_from_image("plain");
        assert_string_equal(a, "my-redis-v3");
        assert_string_equal(b, "plain");
}

static void semantic_versions_are_strict(void **state) {
        SemanticVersion v;
        assert_int_equal(semantic_version_parse("1.22.333-rc.1+build.05", &v), 0);
        assert_int_equal(v.major, 1);
        assert_int_equal(v.minor, 22);
        assert_int_equal(v.patch, 333);
        static const char *const bad[] = { "", "1", "1.2", "1.2.", "1.2.3.4", "v1.2.3", "01.2.3", "1.2.3-",
                "1.2.3-01", "1.2.3+", "1.2.3-a..b", "1.2.3 ", "1.2.99999999999999999999", "-1.2.3" };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(semantic_version_parse(bad[i], &v), -22);
}

static void ac_versions_are_ours_or_older(void **state) {
        assert_null(ac_version_problem("0.8.11"));
        assert_null(ac_version_problem("0.5.1+git"));
        assert_null(ac_version_problem("0.0.0-alpha"));
        assert_non_null(ac_version_problem("0.0.0"));
        assert_non_null(ac_version_problem("1.0.0"));
        assert_non_null(ac_version_problem("latest"));
}

static void image_ids_have_an_algorithm_and_two_digits_or_more(void **state) {
        char whole[sizeof("sha512-") + 129] = "sha512-";
        memset(whole + 7, 'a', 128);
        GOOD(image_id_is_valid, "sha512-ab", "sha256-0123456789", whole);
        BAD(image_id_is_valid, "", "sha512-", "sha512-a", "sha512-AB", "sha512-xy", "sha1-abcd", "ab",
                        "sha512:ab");
        whole[7 + 128] = 'a';
        BAD(image_id_is_valid, whole);
        GOOD(image_id_is_meant, "sha512-", "sha512-zz", "sha256-x");
        BAD(image_id_is_meant, "sha512", "example.com/sha512-a", "sha");
        assert_true(image_id_has_prefix("sha512-abcdef", "sha512-abc"));
        assert_false(image_id_has_prefix("sha512-abcdef", "sha512-"));
        assert_false(image_id_has_prefix("sha512-abcdef", "sha512-abd"));
}

static void dates_are_rfc_3339(void **state) {
        GOOD(date_is_valid, "2014-10-27T19:32:27.67021798Z", "2016-02-29T00:00:00+05:30",
                        "1999-12-31T23:59:60Z");
        BAD(date_is_valid, "", "2014-10-27", "2014-10-27 19:32:27Z", "2014-13-01T00:00:00Z",
                        "2015-02-29T00:00:00Z", "2014-10-27T24:00:00Z", "2014-10-27T19:32:27",
                        "2014-10-27T19:32:27.Z", "2014-10-27T19:32:27Zx", "14-10-27T19:32:27Z",
                        "2014-10-27T19:32:27+0530");
}

static void urls_are_http_with_a_host(void **state) {
        GOOD(url_is_valid, "http://a", "https://example.com:80/x?y#z", "https://[::1]/");
        BAD(url_is_valid, "", "http://", "http:///x", "ftp://a", "example.com", "https://a b", "https://a\n",
                        "https://?x");
}

static void environment_names_are_words(void **state) {
        GOOD(environment_name_is_valid, "PATH", "_", "a.b-c_1");
        BAD(environment_name_is_valid, "", "1A", "A=B", "A B", "-A", ".a");
}

static void operating_systems_and_architectures_come_from_tables(void **state) {
        assert_null(os_arch_problem(OS_ARCH_APPC, "linux", "s390x"));
        assert_null(os_arch_problem(OS_ARCH_APPC, "freebsd", "arm"));
        assert_null(os_arch_problem(OS_ARCH_APPC, "linux", NULL));
        assert_null(os_arch_problem(OS_ARCH_APPC, NULL, "anything"));
        assert_null(os_arch_problem(OS_ARCH_RKT, "linux", host_arch()));
        _cleanup_free_ char *os = os_arch_problem(OS_ARCH_APPC, "plan9", "amd64"),
                            *arch = os_arch_problem(OS_ARCH_APPC, "darwin", "amd64"),
                            *narrow = os_arch_problem(OS_ARCH_RKT, "linux", "s390x"),
                            *not_ours = os_arch_problem(OS_ARCH_RKT, "freebsd", "amd64");
        assert_string_equal(
                        os, "unknown operating system \"plan9\": expected one of darwin, freebsd, linux");
        assert_string_equal(arch, "unknown architecture \"amd64\" for darwin: expected one of x86_64, i386");
        assert_non_null(narrow);
        assert_non_null(not_ours);
}

static void architectures_of_registries_are_translated(void **state) {
        assert_string_equal(arch_from_goarch("amd64", NULL), "amd64");
        assert_string_equal(arch_from_goarch("arm64", "v8"), "aarch64");
        assert_string_equal(arch_from_goarch("arm", "v7"), "armv7l");
        assert_string_equal(arch_from_goarch("arm", NULL), "armv6l");
        assert_string_equal(arch_from_goarch("386", ""), "i386");
        assert_null(arch_from_goarch("riscv64", NULL));
}

static void the_first_repeated_string_is_found(void **state) {
        assert_int_equal(find_duplicate(NULL, 0), -1);
        assert_int_equal(find_duplicate((const char *const[]){ "a", "b", "c" }, 3), -1);
        assert_int_equal(find_duplicate((const char *const[]){ "z", "b", "c", "b", "z" }, 5), 3);
        assert_int_equal(find_duplicate((const char *const[]){ "a", "a", "a" }, 3), 1);
}

static void a_path_is_the_same_without_what_means_nothing(void **state) {
        static const char *const table[][2] = {
                { "/", "/" },
                { "//", "/" },
                { "/./", "/" },
                { "/a", "/a" },
                { "//a/.//b/", "/a/b" },
                { "/a/../b/..", "/a/../b/.." },
                { "/.a/b./...", "/.a/b./..." },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *path = path_simplify(table[i][0]);
                assert_string_equal(path, table[i][1]);
        }
        assert_true(path_equal("/a/", "//a"));
        assert_false(path_equal("/a/b", "/ab"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_are_words_joined_by_dashes),
                cmocka_unit_test(identifiers_are_words_joined_by_one_separator),
                cmocka_unit_test(sanitized_names_are_valid_or_nothing),
                cmocka_unit_test(an_app_is_called_after_the_last_part_of_its_image),
                cmocka_unit_test(semantic_versions_are_strict),
                cmocka_unit_test(ac_versions_are_ours_or_older),
                cmocka_unit_test(image_ids_have_an_algorithm_and_two_digits_or_more),
                cmocka_unit_test(dates_are_rfc_3339),
                cmocka_unit_test(urls_are_http_with_a_host),
                cmocka_unit_test(environment_names_are_words),
                cmocka_unit_test(a_path_is_the_same_without_what_means_nothing),
                cmocka_unit_test(operating_systems_and_architectures_come_from_tables),
                cmocka_unit_test(architectures_of_registries_are_translated),
                cmocka_unit_test(the_first_repeated_string_is_found),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
