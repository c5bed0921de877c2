/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>

#include "file.h"
#include "metadata-state.h"
#include "metadata-url.h"

#define TOKEN "00112233445566778899aabbccddeeff"
#define OTHER "ffeeddccbbaa99887766554433221100"
#define POD   "0e5f7b0c-0a4c-4d3c-8a09-6c52a56e2d11"
#define POD2  "0e5f7b0c-0a4c-4d3c-8a09-6c52a56e2d12"

static const char pod_manifest[] =
                "{\"acKind\":\"PodManifest\",\"acVersion\":\"0.8.11\",\"apps\":[{\"name\":\"app\",\"image\":"
                "{\"id\":\"sha512-"
                "0000000000000000000000000000000000000000000000000000000000000001\"},\"app\":{\"exec\":["
                "\"/"
                "x\"],\"user\":\"0\",\"group\":\"0\"},\"annotations\":[{\"name\":\"b\",\"value\":\"pod\"}]"
                "}],\"annotations\":[{\"name\":\"a/b\",\"value\":\"1\"}]}";
static const char image_manifest[] =
                "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"x\",\"annotations\":["
                "{\"name\":\"b\",\"value\":\"image\"},{\"name\":\"c\",\"value\":\"3\"}]}";

static char directory[64];
static int state_fd = -1;

static int set_up(void **state) {
        strcpy(directory, "/tmp/test-metadata-XXXXXX");
        state_fd = mkdtemp(directory) ? metadata_state_open(directory) : -1;
        return state_fd < 0 ? -1 : 0;
}

static int tear_down(void **state) {
        close(state_fd);
        return remove_tree_at(AT_FDCWD, directory, false);
}

static int put_pod(const char *uuid, const char *token) {
        _cleanup_free_ char *error = NULL;
        return metadata_state_put_pod(state_fd, uuid, token, pod_manifest, sizeof(pod_manifest) - 1, &error);
}

static int put_app(const char *uuid, const char *app) {
        _cleanup_free_ char *error = NULL;
        return metadata_state_put_app(
                        state_fd, uuid, app, image_manifest, sizeof(image_manifest) - 1, &error);
}

static void assert_file(const char *path, const char *expected) {
        MetadataRoute r;
        _cleanup_free_ char *text = NULL;
        assert_int_equal(metadata_route_parse(path, &r), 0);
        _cleanup_close_ int fd = metadata_state_open_file(state_fd, POD, &r);
        assert_true(fd >= 0);
        assert_int_equal(read_fd(fd, 100000, &text, NULL), 0);
        assert_string_equal(text, expected);
}

static void paths_name_endpoints(void **state) {
        static const struct {
                const char *path;
                int result;
                MetadataEndpoint endpoint;
                const char *app, *name;
        } cases[] = {
                { "/" TOKEN "/acMetadata/v1/pod/annotations", 0, METADATA_POD_ANNOTATIONS, "", "" },
                { "/" TOKEN "/acMetadata/v1/pod/annotations/a%2Fb", 0, METADATA_POD_ANNOTATION, "", "a/b" },
                { "/" TOKEN "/acMetadata/v1/pod/annotations/a/b", 0, METADATA_POD_ANNOTATION, "", "a/b" },
                { "/" TOKEN "/acMetadata/v1/pod/manifest", 0, METADATA_POD_MANIFEST, "", "" },
                { "/" TOKEN "/acMetadata/v1/pod/uuid", 0, METADATA_POD_UUID, "", "" },
                { "/" TOKEN "/acMetadata/v1/pod/hmac/sign", 0, METADATA_HMAC_SIGN, "", "" },
                { "/" TOKEN "/acMetadata/v1/pod/hmac/verify", 0, METADATA_HMAC_VERIFY, "", "" },
                { "/" TOKEN "/acMetadata/v1/apps/app/annotations", 0, METADATA_APP_ANNOTATIONS, "app", "" },
                { "/" TOKEN "/acMetadata/v1/apps/app/image/id", 0, METADATA_APP_IMAGE_ID, "app", "" },
                { "/" TOKEN "/acMetadata/v1/apps/app/image/manifest", 0, METADATA_APP_MANIFEST, "app", "" },
                { "/" TOKEN "/acMetadata/v1/apps/app/pod/uuid", -ENOENT, 0, "", "" },
                { "/" TOKEN "/acMetadata/v1/image/id", -ENOENT, 0, "", "" },
                { "/" TOKEN "/acMetadata/v1/apps/../image/id", -ENOENT, 0, "", "" },
                { "/" TOKEN "/acMetadata/v1/apps/%2e%2e/image/id", -ENOENT, 0, "", "" },
                { "/" TOKEN "/acMetadata/v1/apps/a%2Fb/image/id", -ENOENT, 0, "", "" },
                { "/" TOKEN "/acMetadata/v1/pod/uuid/", -ENOENT, 0, "", "" },
                { "/" TOKEN "/acMetadata/v1/pod/annotations/", -ENOENT, 0, "", "" },
                { "/" TOKEN "/acMetadata/v1/pod/annotations/%00", -ENOENT, 0, "", "" },
                { "/" TOKEN "/acMetadata/v2/pod/uuid", -ENOENT, 0, "", "" },
                { "/" TOKEN, -ENOENT, 0, "", "" },
                { "/", -ENOENT, 0, "", "" },
                { "", -ENOENT, 0, "", "" },
                { "*", -ENOENT, 0, "", "" },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                MetadataRoute r = {};
                assert_int_equal(metadata_route_parse(cases[i].path, &r), cases[i].result);
                if (cases[i].result < 0)
                        continue;
                assert_int_equal(r.endpoint, cases[i].endpoint);
                assert_string_equal(r.token, TOKEN);
                assert_string_equal(r.app, cases[i].app);
                assert_string_equal(r.name, cases[i].name);
        }
}

static void what_cannot_be_a_token_is_none(void **state) {
        static const char *const paths[] = { "//acMetadata/v1/pod/uuid", "/x/acMetadata/v1/pod/uuid",
                "/" TOKEN "0/acMetadata/v1/pod/uuid", "/%2e%2e/acMetadata/v1/pod/uuid",
                "/0011223344556677889AABBCCDDEEFF0/acMetadata/v1/pod/uuid" };
        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                MetadataRoute r;
                assert_int_equal(metadata_route_parse(paths[i], &r), 0);
                assert_string_equal(r.token, "");
        }
}

static void paths_of_registrations_name_pods_and_apps(void **state) {
        MetadataRegistration r;
        assert_int_equal(metadata_registration_parse("/pods/" POD, &r), 0);
        assert_string_equal(r.uuid, POD);
        assert_string_equal(r.app, "");
        assert_int_equal(metadata_registration_parse("/pods/" POD "/app-1", &r), 0);
        assert_string_equal(r.app, "app-1");
        assert_int_equal(metadata_registration_parse("/pods/" POD "/", &r), -EINVAL);
        assert_int_equal(metadata_registration_parse("/pods/" POD "/..", &r), -EINVAL);
        assert_int_equal(metadata_registration_parse("/pods/" POD "/a/b", &r), -ENOENT);
        assert_int_equal(metadata_registration_parse("/pods/nobody", &r), -EINVAL);
        assert_int_equal(metadata_registration_parse("/pods", &r), -ENOENT);
}

static void what_is_registered_is_answered(void **state) {
        assert_int_equal(put_app(POD, "app"), -ENOENT);
        assert_int_equal(put_pod(POD, TOKEN), 0);
        assert_int_equal(put_app(POD, "app"), 0);
        assert_int_equal(put_app(POD, "other"), -ENOENT);
        assert_file("/x/acMetadata/v1/pod/manifest", pod_manifest);
        assert_file("/x/acMetadata/v1/pod/annotations", "[{\"name\":\"a/b\",\"value\":\"1\"}]");
        assert_file("/x/acMetadata/v1/apps/app/image/manifest", image_manifest);
        assert_file("/x/acMetadata/v1/apps/app/annotations",
                        "[{\"name\":\"b\",\"value\":\"pod\"},{\"name\":\"c\",\"value\":\"3\"}]");
}

static void an_annotation_is_found_by_its_name(void **state) {
        MetadataRoute r;
        _cleanup_free_ char *value = NULL;
        assert_int_equal(put_pod(POD, TOKEN), 0);
        assert_int_equal(metadata_route_parse("/x/acMetadata/v1/pod/annotations/a/b", &r), 0);
        assert_int_equal(metadata_state_annotation(state_fd, POD, &r, &value), 0);
        assert_string_equal(value, "1");
        assert_int_equal(metadata_route_parse("/x/acMetadata/v1/pod/annotations/a", &r), 0);
        assert_int_equal(metadata_state_annotation(state_fd, POD, &r, &value), -ENOENT);
}

static void a_token_is_of_one_pod_and_goes_with_it(void **state) {
        char uuid[UUID_STRING_SIZE];
        assert_int_equal(put_pod(POD, TOKEN), 0);
        assert_int_equal(put_pod(POD2, TOKEN), -EEXIST);
        assert_int_equal(put_pod(POD2, OTHER), 0);
        assert_int_equal(metadata_state_find(state_fd, TOKEN, uuid), 0);
        assert_string_equal(uuid, POD);
        assert_int_equal(metadata_state_remove(state_fd, POD), 0);
        assert_int_equal(metadata_state_remove(state_fd, POD), -ENOENT);
        assert_int_equal(metadata_state_find(state_fd, TOKEN, uuid), -ENOENT);
        assert_int_equal(metadata_state_find(state_fd, OTHER, uuid), 0);
        assert_int_equal(metadata_state_find(state_fd, "../pods", uuid), -ENOENT);
}

static void a_pod_that_is_registered_again_has_its_new_token_only(void **state) {
        char uuid[UUID_STRING_SIZE];
        assert_int_equal(put_pod(POD, TOKEN), 0);
        assert_int_equal(put_app(POD, "app"), 0);
        assert_int_equal(put_pod(POD, OTHER), 0);
        assert_int_equal(metadata_state_find(state_fd, TOKEN, uuid), -ENOENT);
        assert_int_equal(metadata_state_find(state_fd, OTHER, uuid), 0);
        MetadataRoute r;
        assert_int_equal(metadata_route_parse("/x/acMetadata/v1/apps/app/image/id", &r), 0);
        assert_int_equal(metadata_state_open_file(state_fd, POD, &r), -ENOENT);
}

static void what_is_no_manifest_changes_nothing(void **state) {
        _cleanup_free_ char *error = NULL;
        char uuid[UUID_STRING_SIZE];
        assert_int_equal(put_pod(POD, TOKEN), 0);
        assert_int_equal(metadata_state_put_pod(state_fd, POD, OTHER, "{}", 2, &error), -EINVAL);
        assert_non_null(error);
        assert_int_equal(metadata_state_find(state_fd, TOKEN, uuid), 0);
}

static void the_key_is_made_once(void **state) {
        unsigned char first[METADATA_KEY_SIZE], second[METADATA_KEY_SIZE];
        assert_int_equal(metadata_state_key(state_fd, first), 0);
        assert_int_equal(metadata_state_key(state_fd, second), 0);
        assert_memory_equal(first, second, sizeof(first));
}

static void an_ipv6_address_has_brackets_in_the_url(void **state) {
        _cleanup_free_ char *v4 = metadata_url("10.0.0.1", "t"), *v6 = metadata_url("fd00::1", "t");
        assert_string_equal(v4, "http://10.0.0.1:18112/t");
        assert_string_equal(v6, "http://[fd00::1]:18112/t");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(paths_name_endpoints),
                cmocka_unit_test(what_cannot_be_a_token_is_none),
                cmocka_unit_test(paths_of_registrations_name_pods_and_apps),
                cmocka_unit_test_setup_teardown(what_is_registered_is_answered, set_up, tear_down),
                cmocka_unit_test_setup_teardown(an_annotation_is_found_by_its_name, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_token_is_of_one_pod_and_goes_with_it, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                a_pod_that_is_registered_again_has_its_new_token_only, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_is_no_manifest_changes_nothing, set_up, tear_down),
                cmocka_unit_test_setup_teardown(the_key_is_made_once, set_up, tear_down),
                cmocka_unit_test(an_ipv6_address_has_brackets_in_the_url),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
