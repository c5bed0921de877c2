/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "auth-json.h"
#include "base64.h"
#include "credential-helper.h"
#include "credential-scope.h"
#include "credentials.h"
#include "file.h"

/* A configuration directory, and a home. */
typedef struct World {
        char path[64];
        char *system, *local;
} World;

static void put(const char *directory, const char *name, const char *text, mode_t mode) {
        _cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
        _cleanup_free_ char *parent = xstrndup(path, strrchr(path, '/') - path);
        assert_true(mkdir_parents_at(AT_FDCWD, parent, 0755) >= 0);
        assert_int_equal(write_string_at(AT_FDCWD, path, text, 0600), 0);
        assert_int_equal(chmod(path, mode), 0);
}

static int setup(void **state) {
        World *w = xnew(World, 1);
        strcpy(w->path, "/tmp/rkt-test-credentials-XXXXXX");
        assert_non_null(mkdtemp(w->path));
        w->system = xasprintf("%s/system", w->path);
        w->local = xasprintf("%s/local", w->path);
        setenv("HOME", w->path, 1);
        setenv("XDG_RUNTIME_DIR", w->path, 1);
        unsetenv("DOCKER_CONFIG");
        unsetenv("REGISTRY_AUTH_FILE");
        *state = w;
        return 0;
}

static int teardown(void **state) {
        World *w = *state;
        remove_tree_at(AT_FDCWD, w->path, false);
        free(w->system);
        free(w->local);
        free(w);
        return 0;
}

static int load(const World *w, Credentials **ret) {
        char *directories[] = { w->system, w->local, NULL };
        return credentials_load(directories, ret);
}

#define HEAD(kind)  "{\"rktKind\": \"" kind "\", \"rktVersion\": \"v1\", "
#define BASIC(u, p) "\"credentials\": {\"user\": \"" u "\", \"password\": \"" p "\"}}"

/* User or, without one, token of what is found; NULL if nothing is. */
static const char *who(Credentials *c, const char *host, const char *repository, CredentialUse use) {
        const Credential *found;
        int r = credentials_find(c, host, repository, use, &found);
        assert_true(r >= 0);
        return r == 0 ? NULL : found->user ?: found->token;
}

#define assert_who(c, host, repository, use, expected)                                                      \
        assert_true(streq_ptr(who(c, host, repository, use), expected))

static void later_directories_go_before_earlier_ones(void **state) {
        const World *w = *state;
        _cleanup_credentials_ Credentials *c = NULL;
        put(w->system, "auth.d/a.json",
                        HEAD("auth") "\"domains\": [\"a.com\", \"B.com:443\"], \"type\": \"basic\", " BASIC(
                                        "s", "x"),
                        0640);
        put(w->local, "auth.d/a.json",
                        HEAD("auth") "\"domains\": [\"a.com\"], \"type\": \"oauth\", \"credentials\": "
                                     "{\"token\": "
                                     "\"t\"}}",
                        0600);
        put(w->local, "auth.d/ignored.txt", "x", 0644);
        assert_int_equal(load(w, &c), 0);
        assert_who(c, "a.com", NULL, CREDENTIAL_USE_HTTP, "t");
        assert_who(c, "b.com", NULL, CREDENTIAL_USE_HTTP, "s");
        assert_who(c, "b.com:443", NULL, CREDENTIAL_USE_HTTP, "s");
        assert_who(c, "b.com:8443", NULL, CREDENTIAL_USE_HTTP, NULL);
        assert_who(c, "x.a.com", NULL, CREDENTIAL_USE_HTTP, NULL);
        assert_who(c, "a.com", "x", CREDENTIAL_USE_DOCKER, NULL);
}

static void aws_regions_are_given_or_guessed(void **state) {
        static const struct {
                const char *host, *region;
        } samples[] = {
                { "s3.amazonaws.com", "us-east-1" },
                { "s3-eu-west-1.amazonaws.com", "eu-west-1" },
                { "b.s3-eu-west-1.amazonaws.com", "eu-west-1" },
                { "b.s3.eu-central-1.amazonaws.com", "eu-central-1" },
                { "b.s3.dualstack.eu-central-1.amazonaws.com", "eu-central-1" },
                { "s3.cn-north-1.amazonaws.com.cn", "cn-north-1" },
                { "b.s3.amazonaws.com", "us-east-1" },
                { "s3-external-1.amazonaws.com", "us-east-1" },
                { "example.com", "us-east-1" },
        };
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                _cleanup_free_ char *region = aws_region_of_host(samples[i].host);
                assert_string_equal(region, samples[i].region);
        }
        const World *w = *state;
        _cleanup_credentials_ Credentials *c = NULL;
        const Credential *found;
        put(w->local, "auth.d/a.json",
                        HEAD("auth") "\"domains\": [\"b.s3-eu-west-1.amazonaws.com\"], \"type\": \"aws\", "
                                     "\"credentials\": {\"accessKeyID\": \"k\", \"secretAccessKey\": "
                                     "\"s\"}}",
                        0600);
        put(w->local, "auth.d/b.json",
                        HEAD("auth") "\"domains\": [\"c.com\"], \"type\": \"aws\", \"credentials\": "
                                     "{\"accessKeyID\": \"k\", \"secretAccessKey\": \"s\", \"awsRegion\": "
                                     "\"r\"}}",
                        0600);
        assert_int_equal(load(w, &c), 0);
        assert_int_equal(credentials_find(c, "b.s3-eu-west-1.amazonaws.com", NULL, CREDENTIAL_USE_HTTP,
                                         &found),
                        1);
        assert_int_equal(found->type, CREDENTIAL_AWS);
        assert_string_equal(found->password, "s");
        assert_string_equal(found->region, "eu-west-1");
        assert_int_equal(credentials_find(c, "c.com", NULL, CREDENTIAL_USE_HTTP, &found), 1);
        assert_string_equal(found->region, "r");
}

static void files_that_others_can_read_are_refused(void **state) {
        const World *w = *state;
        static const mode_t bad[] = { 0644, 0604, 0602 }, good[] = { 0600, 0640, 0660 };
        for (size_t i = 0; i < ELEMENTSOF(bad) + ELEMENTSOF(good); i++) {
                bool refused = i < ELEMENTSOF(bad);
                _cleanup_credentials_ Credentials *c = NULL;
                put(w->local, "auth.d/a.json",
                                HEAD("dockerAuth") "\"registries\": [\"a\"], " BASIC("u", "p"),
                                refused ? bad[i] : good[i - ELEMENTSOF(bad)]);
                assert_int_equal(load(w, &c), refused ? -EPERM : 0);
        }
}

static void wrong_files_are_refused(void **state) {
        const World *w = *state;
        static const char *const bad[] = {
                "",
                "{}",
                HEAD("paths") BASIC("u", "p"),
                "{\"rktKind\": \"auth\", \"rktVersion\": \"v2\"}",
                HEAD("auth") "\"domains\": [\"a\"], " BASIC("u", "p"),
                HEAD("auth") "\"domains\": [\"a\"], \"type\": \"x\", " BASIC("u", "p"),
                HEAD("auth") "\"domains\": [], \"type\": \"basic\", " BASIC("u", "p"),
                HEAD("auth") "\"domains\": [\"a/b\"], \"type\": \"basic\", " BASIC("u", "p"),
                HEAD("auth") "\"domains\": [\"a\", \"a\"], \"type\": \"basic\", " BASIC("u", "p"),
                HEAD("auth") "\"domains\": [\"a\"], \"type\": \"basic\", " BASIC("", "p"),
                HEAD("auth") "\"domains\": [\"a\"], \"type\": \"oauth\", " BASIC("u", "p"),
                HEAD("auth") "\"domains\": [\"a\"], \"type\": \"basic\"}",
                HEAD("dockerAuth") "\"domains\": [\"a\"], " BASIC("u", "p"),
                HEAD("dockerAuth") "\"registries\": [\"docker.io\", \"index.docker.io\"], " BASIC("u", "p"),
        };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_credentials_ Credentials *c = NULL;
                put(w->local, "auth.d/a.json", bad[i], 0600);
                if (load(w, &c) != -EINVAL)
                        fail_msg("%s", bad[i]);
        }
}

static void registries_are_found_by_the_longest_path(void **state) {
        const World *w = *state;
        _cleanup_credentials_ Credentials *c = NULL;
        put(w->system, "auth.d/a.json",
                        HEAD("dockerAuth") "\"registries\": [\"https://index.docker.io/v1/\", "
                                           "\"quay.io\"], " BASIC("hub", "x"),
                        0600);
        put(w->system, "auth.d/b.json",
                        HEAD("dockerAuth") "\"registries\": [\"quay.io/team\"], " BASIC("team", "x"), 0600);
        assert_int_equal(load(w, &c), 0);
        assert_who(c, "docker.io", "library/redis", CREDENTIAL_USE_DOCKER, "hub");
        assert_who(c, "registry-1.docker.io", NULL, CREDENTIAL_USE_DOCKER, "hub");
        assert_who(c, "quay.io", "team/x", CREDENTIAL_USE_DOCKER, "team");
        assert_who(c, "quay.io", "team", CREDENTIAL_USE_DOCKER, "team");
        assert_who(c, "quay.io", "teams/x", CREDENTIAL_USE_DOCKER, "hub");
        assert_who(c, "quay.io", NULL, CREDENTIAL_USE_HTTP, NULL);
}

static void files_of_podman_and_docker_come_after_our_own(void **state) {
        const World *w = *state;
        _cleanup_credentials_ Credentials *c = NULL;
        const Credential *found;
        put(w->local, "auth.d/a.json", HEAD("dockerAuth") "\"registries\": [\"ours\"], " BASIC("ours", "x"),
                        0600);
        put(w->path, "containers/auth.json",
                        "{\"auths\": {\"ours\": {\"auth\": \"cG9kbWFuOng=\"}, \"both\": {\"auth\": "
                        "\"cG9kbWFuOng6eQ==\"}, \"docker.io/team\": {\"username\": \"t\", \"password\": "
                        "\"x\"}}}",
                        0600);
        put(w->path, ".docker/config.json",
                        "{\"auths\": {\"both\": {\"auth\": \"ZG9ja2VyOng=\"}, "
                        "\"https://index.docker.io/v1/\": "
                        "{\"auth\": \"ZG9ja2VyOng=\"}, \"id\": {\"auth\": \"dTo=\", \"identitytoken\": "
                        "\"refresh\"}, "
                        "\"bearer\": {\"registrytoken\": \"b\"}, \"empty\": {}}, \"HttpHeaders\": {}}",
                        0600);
        assert_int_equal(load(w, &c), 0);
        assert_who(c, "ours", "x", CREDENTIAL_USE_DOCKER, "ours");
        assert_who(c, "both", "x", CREDENTIAL_USE_DOCKER, "podman");
        assert_int_equal(credentials_find(c, "both", "x", CREDENTIAL_USE_DOCKER, &found), 1);
        assert_string_equal(found->password, "x:y");
        assert_non_null(strstr(found->source, "containers/auth.json"));
        assert_who(c, "docker.io", "team/x", CREDENTIAL_USE_DOCKER, "t");
        assert_who(c, "docker.io", "library/x", CREDENTIAL_USE_DOCKER, "docker");
        assert_who(c, "bearer", "x", CREDENTIAL_USE_DOCKER, "b");
        assert_who(c, "empty", "x", CREDENTIAL_USE_DOCKER, NULL);
        assert_who(c, "both", "x", CREDENTIAL_USE_HTTP, NULL);
        assert_int_equal(credentials_find(c, "id", "x", CREDENTIAL_USE_DOCKER, &found), 1);
        assert_int_equal(found->type, CREDENTIAL_IDENTITY);
        assert_string_equal(found->token, "refresh");
        assert_null(found->password);
}

static void a_named_file_is_the_only_one(void **state) {
        const World *w = *state;
        const Credential *found;
        _cleanup_free_ char *file = xasprintf("%s/mine.json", w->path);
        put(w->path, ".docker/config.json", "{\"auths\": {\"a\": {\"auth\": \"ZG9ja2VyOng=\"}}}", 0600);
        setenv("REGISTRY_AUTH_FILE", file, 1);
        {
                _cleanup_credentials_ Credentials *c = NULL;
                assert_int_equal(load(w, &c), 0);
                assert_int_equal(credentials_find(c, "a", NULL, CREDENTIAL_USE_DOCKER, &found), -ENOENT);
        }
        put(w->path, "mine.json", "{\"auths\": {\"b\": {\"auth\": \"ZG9ja2VyOng=\"}}}", 0600);
        _cleanup_credentials_ Credentials *c = NULL;
        assert_int_equal(load(w, &c), 0);
        assert_who(c, "a", NULL, CREDENTIAL_USE_DOCKER, NULL);
        assert_who(c, "b", NULL, CREDENTIAL_USE_DOCKER, "docker");
}

static void other_programs_files_are_checked_as_ours(void **state) {
        const World *w = *state;
        static const struct {
                const char *text;
                mode_t mode;
                int result;
        } samples[] = {
                { "{\"auths\": {\"a\": {\"auth\": \"ZG9ja2VyOng=\"}}}", 0644, -EPERM },
                { "{\"auths\": {\"a\": {}}}", 0644, 0 },
                { "{\"credsStore\": \"none-such\"}", 0644, 0 }, /* a warning */
                { "{\"credsStore\": \"none-such\"}", 0646, -EPERM },
                { "{\"credHelpers\": {\"a\": \"none-such\"}}", 0600, -ENOENT },
                { "{\"credHelpers\": {\"a\": \"../x\"}}", 0600, -EINVAL },
                { "{\"auths\": {\"a\": {\"auth\": \"ZG9ja2Vy\"}}}", 0600, -EINVAL },
                { "{\"auths\": {\"a\": {\"auth\": \"=\"}}}", 0600, -EINVAL },
                { "{\"auths\": {\"a\": 1}}", 0600, -EINVAL },
                { "[]", 0600, -EINVAL },
                { "", 0600, -EINVAL },
        };
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                _cleanup_credentials_ Credentials *c = NULL;
                const Credential *found;
                put(w->path, ".docker/config.json", samples[i].text, samples[i].mode);
                assert_int_equal(load(w, &c), 0);
                int r = credentials_find(c, "a", NULL, CREDENTIAL_USE_DOCKER, &found);
                if (r != samples[i].result)
                        fail_msg("%d for %s", r, samples[i].text);
        }
}

static void helper(const World *w, const char *name, const char *script) {
        _cleanup_free_ char *file = xasprintf("bin/docker-credential-%s", name);
        _cleanup_free_ char *text = xasprintf("#!/bin/sh\n%s", script),
                            *path = xasprintf("%s/bin:/bin:/usr/bin", w->path);
        put(w->path, file, text, 0755);
        setenv("PATH", path, 1);
}

static void helpers_are_asked_once_for_each_host(void **state) {
        const World *w = *state;
        const Credential *found;
        _cleanup_credentials_ Credentials *c = NULL;
        _cleanup_free_ char *log = xasprintf("%s/log", w->path), *text = NULL;
        setenv("LOG", log, 1);
        helper(w, "one",
                        "s=$(cat); echo \"$1 $s\" >>$LOG\n"
                        "case $s in a) echo '{\"ServerURL\": \"a\", \"Username\": \"u\", \"Secret\": "
                        "\"s\"}';;\n"
                        "https://index.docker.io/v1/) echo '{\"Username\": \"<token>\", \"Secret\": "
                        "\"refresh\"}';;\n"
                        "*) echo 'credentials not found in native keychain'; exit 1;; esac\n");
        put(w->path, ".docker/config.json",
                        "{\"auths\": {\"b\": {\"auth\": \"ZG9ja2VyOng=\"}}, \"credsStore\": \"one\"}", 0600);
        assert_int_equal(load(w, &c), 0);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(credentials_find(c, "a", "x/y", CREDENTIAL_USE_DOCKER, &found), 1);
                assert_string_equal(found->password, "s");
                assert_who(c, "b", "x", CREDENTIAL_USE_DOCKER, "docker");
                assert_who(c, "c", "x", CREDENTIAL_USE_DOCKER, NULL);
                assert_int_equal(credentials_find(c, "docker.io", "x", CREDENTIAL_USE_DOCKER, &found), 1);
                assert_int_equal(found->type, CREDENTIAL_IDENTITY);
                assert_string_equal(found->token, "refresh");
        }
        assert_int_equal(read_file_at(AT_FDCWD, log, 4096, &text, NULL), 0);
        assert_string_equal(text, "get a\nget c\nget https://index.docker.io/v1/\n");
}

static void helpers_are_bounded(void **state) {
        const World *w = *state;
        static const struct {
                const char *script, *error;
                int result;
        } samples[] = {
                { "sleep 60 & wait", "no answer after 1 s", -ETIMEDOUT },
                { "exec >&-; sleep 60", "no answer after 1 s", -ETIMEDOUT },
                { "cat /dev/zero", "more than 65536 bytes", -EFBIG },
                { "echo '{'", "docker-credential-x:2:1: unexpected end", -EINVAL },
                { "printf 'no\\033[2J'; exit 3", "exit status 3: no?[2J", -EIO },
                { "kill -9 $$", "exit status 137", -EIO },
                { "sleep 20 2>/dev/null & echo '{}'", NULL,
                                0 }, /* it has ended, though what it started has the pipe */
                { "echo '{\"Username\": \"u\", \"Secret\": \"s\"}'", NULL, 1 },
        };
        setenv("RKT_CREDENTIAL_TIMEOUT", "1", 1);
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                Credential found = {};
                _cleanup_free_ char *error = NULL;
                helper(w, "x", samples[i].script);
                assert_int_equal(credential_helper_get("x", "a", &found, &error), samples[i].result);
                credential_done(&found);
                if (samples[i].error && !strstr(error, samples[i].error))
                        fail_msg("%s instead of %s", error, samples[i].error);
        }
        unsetenv("RKT_CREDENTIAL_TIMEOUT");
}

static void base64_is_decoded_strictly(void **state) {
        static const struct {
                const char *text, *decoded;
        } samples[] = {
                { "", "" },
                { "YQ==", "a" },
                { "YQ", "a" },
                { "YWI=", "ab" },
                { "YWJj", "abc" },
                { "YWJj+/8=", "abc\xfb\xff" },
                { "Y", NULL },
                { "YQ=", NULL },
                { "Y===", NULL },
                { "YQ==YQ==", NULL },
                { "Y Q=", NULL },
                { "-_8=", NULL },
        };
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                _cleanup_free_ char *decoded = NULL;
                size_t size;
                int r = base64_decode(samples[i].text, &decoded, &size);
                assert_int_equal(r, samples[i].decoded ? 0 : -EINVAL);
                if (r >= 0) {
                        assert_string_equal(decoded, samples[i].decoded);
                        assert_int_equal(size, strlen(decoded));
                }
        }
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                with_world(later_directories_go_before_earlier_ones),
                with_world(aws_regions_are_given_or_guessed),
                with_world(files_that_others_can_read_are_refused),
                with_world(wrong_files_are_refused),
                with_world(registries_are_found_by_the_longest_path),
                with_world(files_of_podman_and_docker_come_after_our_own),
                with_world(a_named_file_is_the_only_one),
                with_world(other_programs_files_are_checked_as_ours),
                with_world(helpers_are_asked_once_for_each_host),
                with_world(helpers_are_bounded),
                cmocka_unit_test(base64_is_decoded_strictly),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
