/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "alloc.h"
#include "app-health.h"
#include "oci-from-appc.h"
#include "oci-to-appc.h"
#include "strv.h"

#define A "sha256:800bc10a0c09074a25ecc3f7730169ddb1e71c9e56914d2072c4ac36f2096ea8"
#define B "sha256:669423bf4eba27661540d508892df90db4ba0afb72d82a4e87cb3e042f0eced2"

static const char manifest_text[] =
                "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"" OCI_MEDIA_CONFIG "\",\"digest\":\"" A
                "\",\"size\":5},\"layers\":[{\"mediaType\":\"" OCI_MEDIA_LAYER "\",\"digest\":\"" B
                "\",\"size\":1}]}";

static const OciOrigin redis = {
        .name = "docker.io/library/redis",
        .tag = "7",
        .original = "docker://redis:7",
        .registry = "registry-1.docker.io",
        .repository = "library/redis",
        .manifest_digest = B,
};

/* An image whose configuration has the given members, for linux on platform. */
static int map(const OciOrigin *origin, const char *platform, const char *members, ImageManifest **ret,
                char ***ret_warnings, char **ret_error) {
        _cleanup_oci_manifest_ OciManifest *m = NULL;
        _cleanup_oci_config_ OciConfig *c = NULL;
        _cleanup_free_ char *text =
                        xasprintf("{%s,\"created\":\"2020-01-01T00:00:00Z\",\"author\":\"Me\",\"config\":"
                                  "{%s},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}",
                                        platform, members, A);
        assert_int_equal(oci_manifest_parse("M", manifest_text, strlen(manifest_text), &m, NULL), 0);
        if (oci_config_parse("C", text, strlen(text), &c, ret_error) < 0)
                fail_msg("%s", *ret_error);
        return oci_map_config(origin, m, c, ret, ret_warnings, ret_error);
}

#define AMD64 "\"os\":\"linux\",\"architecture\":\"amd64\""

static ImageManifest *mapped(const char *members, char ***ret_warnings) {
        ImageManifest *m = NULL;
        char **warnings = NULL;
        _cleanup_free_ char *error = NULL;
        if (map(&redis, AMD64, members, &m, &warnings, &error) < 0)
                fail_msg("%s", error);
        if (ret_warnings)
                *ret_warnings = warnings;
        else if (warnings[0])
                fail_msg("%s", warnings[0]);
        if (!ret_warnings)
                strv_free(warnings);
        return m;
}

static void name_labels_and_annotations_tell_the_origin(void **state) {
        _cleanup_image_manifest_ ImageManifest *m = mapped(
                        "\"Entrypoint\":[\"/e\",\"a b\"],\"Cmd\":[\"c\"],\"StopSignal\":\"SIGUSR1\","
                        "\"Labels\":{\"org.opencontainers.image.url\":\"https://redis.io\",\"No\":\"\"}",
                        NULL);
        assert_string_equal(m->name, "docker.io/library/redis");
        assert_string_equal(name_values_get(&m->labels, "version"), "7");
        assert_string_equal(name_values_get(&m->labels, "os"), "linux");
        assert_string_equal(name_values_get(&m->labels, "arch"), "amd64");
        const NameValueList *a = &m->annotations;
        assert_string_equal(name_values_get(a, "created"), "2020-01-01T00:00:00Z");
        assert_string_equal(name_values_get(a, "author"), "Me");
        assert_string_equal(name_values_get(a, "homepage"), "https://redis.io");
        assert_string_equal(name_values_get(a, "appc.io/docker/repository"), "library/redis");
        assert_string_equal(name_values_get(a, "appc.io/docker/registryurl"), "registry-1.docker.io");
        assert_string_equal(name_values_get(a, "appc.io/docker/originalname"), "docker://redis:7");
        assert_string_equal(name_values_get(a, "appc.io/docker/entrypoint"), "[\"/e\",\"a b\"]");
        assert_string_equal(name_values_get(a, "appc.io/docker/cmd"), "[\"c\"]");
        assert_string_equal(name_values_get(a, "appc.io/docker/imageid"), A);
        assert_string_equal(name_values_get(a, "appc.io/docker/manifesthash"), B);
        assert_string_equal(name_values_get(a, "coreos.com/rkt/stage2/stop-signal"), "SIGUSR1");
        assert_string_equal(name_values_get(&m->app->user_labels, "No"), "");
}

static char *command(const char *members) {
        _cleanup_image_manifest_ ImageManifest *m = mapped(members, NULL);
        return strv_join(m->app->exec, " ");
}

static void the_command_is_the_entry_point_with_its_arguments(void **state) {
        static const char *const cases[][2] = {
                { "\"Entrypoint\":[\"/e\",\"x\"],\"Cmd\":[\"c\",\"d\"]", "/e x c d" },
                { "\"Entrypoint\":[\"/e\"],\"Cmd\":null", "/e" },
                { "\"Cmd\":[\"sh\"]", "sh" },
                { "\"Entrypoint\":[\"\"],\"Cmd\":[\"sh\"]", "sh" },
                { "\"User\":\"0\"", "" },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *exec = command(cases[i][0]);
                assert_string_equal(exec, cases[i][1]);
        }
}

static void users_are_names_or_numbers_with_or_without_group(void **state) {
        static const char *const cases[][4] = {
                { "", "0", "0", NULL },
                { "www", "www", "www", "www" },
                { "1001", "1001", "1001", "1001" },
                { "www:grp", "www", "grp", NULL },
                { "33:0", "33", "0", NULL },
                { "www:", "www", "www", "www" },
                { ":grp", "0", "grp", NULL },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *members = xasprintf("\"User\":\"%s\"", cases[i][0]);
                _cleanup_image_manifest_ ImageManifest *m = mapped(members, NULL);
                assert_string_equal(m->app->user, cases[i][1]);
                assert_string_equal(m->app->group, cases[i][2]);
                const char *primary = name_values_get(&m->app->user_annotations, APP_OWN_GROUPS_ANNOTATION);
                assert_true(streq_ptr(primary, cases[i][3]));
        }
}

static void what_appc_cannot_say_is_left_out_and_told(void **state) {
        _cleanup_strv_ char **warnings = NULL;
        _cleanup_image_manifest_ ImageManifest *m = mapped(
                        "\"Env\":[\"A=b=c\",\"BAD\",\"1X=secret\",\"E=\",\"A=d\"],\"ExposedPorts\":{\"80/"
                        "icmp\":{},"
                        "\"0\":{},\"70000\":{},\"9-8\":{}},\"Volumes\":{\"/\":{}},\"StopSignal\":\"SIGNOT\"",
                        &warnings);
        assert_int_equal(m->app->environment.n, 2);
        assert_string_equal(name_values_get(&m->app->environment, "A"), "d");
        assert_string_equal(name_values_get(&m->app->environment, "E"), "");
        assert_int_equal(m->app->n_ports, 0);
        assert_int_equal(m->app->n_mount_points, 0);
        assert_int_equal(strv_length(warnings), 8);
        assert_non_null(strstr(warnings[0], "\"BAD\" is not of the form NAME=VALUE"));
        assert_non_null(strstr(warnings[1], "\"1X\" is left out"));
        assert_null(strstr(warnings[1], "secret"));
        assert_null(name_values_get(&m->annotations, "coreos.com/rkt/stage2/stop-signal"));
}

static void volumes_and_ports_get_names(void **state) {
        _cleanup_image_manifest_ ImageManifest *m = mapped("\"Volumes\":{\"/data\":{},\"/Var/Lib\":{},\"/"
                                                           "var-lib\":{},\"rel\":{}},\"WorkingDir\":"
                                                           "\"w\",\"ExposedPorts\":{\"80\":{},\"80/"
                                                           "tcp\":{},\"53/udp\":{},\"8000-8010/tcp\":{}}",
                        NULL);
        assert_int_equal(m->app->n_mount_points, 4);
        assert_string_equal(app_find_mount_point(m->app, "volume-data")->path, "/data");
        assert_string_equal(app_find_mount_point(m->app, "volume-var-lib")->path, "/Var/Lib");
        assert_string_equal(app_find_mount_point(m->app, "volume-var-lib-2")->path, "/var-lib");
        assert_string_equal(app_find_mount_point(m->app, "volume-rel")->path, "/rel");
        assert_string_equal(m->app->working_directory, "/w");
        assert_int_equal(m->app->n_ports, 3);
        assert_int_equal(app_find_port(m->app, "80-tcp")->port, 80);
        assert_string_equal(app_find_port(m->app, "53-udp")->protocol, "udp");
        assert_int_equal(app_find_port(m->app, "8000-8010-tcp")->count, 11);
}

static void architectures_get_appc_s_names(void **state) {
        static const char *const cases[][2] = {
                { "\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v6\"", "armv6l" },
                { "\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\"", "armv7l" },
                { "\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\"", "aarch64" },
                { "\"os\":\"linux\",\"architecture\":\"386\"", "i386" },
                { "\"os\":\"windows\",\"architecture\":\"amd64\"", NULL },
                { "\"os\":\"linux\",\"architecture\":\"wasm\"", NULL },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_image_manifest_ ImageManifest *m = NULL;
                _cleanup_strv_ char **warnings = NULL;
                _cleanup_free_ char *error = NULL;
                int r = map(&redis, cases[i][0], "", &m, &warnings, &error);
                assert_int_equal(r, cases[i][1] ? 0 : -EINVAL);
                if (r >= 0)
                        assert_string_equal(name_values_get(&m->labels, "arch"), cases[i][1]);
                else
                        assert_non_null(strstr(error, "is not a platform of pods"));
        }
}

static void names_become_those_of_appc(void **state) {
        static const char *const cases[][2] = {
                { "localhost:5000/Debian_Redis", "localhost-5000/debian_redis" },
                { "ghcr.io/a/b__c", "ghcr.io/a/b_c" },
                { "::", NULL },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *name = oci_image_name(cases[i][0]);
                assert_true(streq_ptr(name, cases[i][1]));
        }
}

static void the_result_is_an_image_manifest(void **state) {
        _cleanup_oci_manifest_ OciManifest *m = NULL;
        _cleanup_oci_config_ OciConfig *c = NULL;
        _cleanup_image_manifest_ ImageManifest *image = NULL;
        _cleanup_free_ char *json = NULL, *error = NULL;
        const char *config = "{" AMD64 ",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" A "\"]}}",
                   *other = "{" AMD64 ",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}";
        assert_int_equal(oci_manifest_parse("M", manifest_text, strlen(manifest_text), &m, NULL), 0);
        assert_int_equal(oci_config_parse("C", config, strlen(config), &c, NULL), 0);
        assert_int_equal(oci_to_image_manifest(&redis, m, c, &json, &error), 0);
        assert_int_equal(image_manifest_parse("I", json, strlen(json), &image, &error), 0);
        assert_null(image->app->exec[0]);

        _cleanup_oci_config_ OciConfig *without = NULL;
        _cleanup_free_ char *nothing = NULL;
        assert_int_equal(oci_config_parse("C", other, strlen(other), &without, NULL), 0);
        assert_int_equal(oci_to_image_manifest(&redis, m, without, &nothing, &error), -EINVAL);
        assert_non_null(strstr(error, "has 1 layers, but the configuration has 0"));
}

/* Out and back in again. */
static void an_aci_becomes_a_configuration(void **state) {
        static const char aci[] =
                        "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"example.org/"
                        "kv\",\"labels\":"
                        "[{\"name\":\"os\",\"value\":\"linux\"},{\"name\":\"arch\",\"value\":\"armv7l\"}],"
                        "\"app\":{"
                        "\"exec\":[\"/kv\",\"-x\"],\"user\":\"kv\",\"group\":\"10\",\"workingDirectory\":\"/"
                        "data\","
                        "\"environment\":[{\"name\":\"A\",\"value\":\"b=c\"}],\"mountPoints\":[{\"name\":"
                        "\"d\",\"path\":"
                        "\"/"
                        "data\"}],\"ports\":[{\"name\":\"p\",\"protocol\":\"udp\",\"port\":80,\"count\":3}],"
                        "\"isolators\":[{\"name\":\"resource/"
                        "memory\",\"value\":{\"limit\":\"1G\"}}],\"userLabels\":"
                        "{\"l\":\"v\"}},\"annotations\":[{\"name\":\"coreos.com/rkt/stage2/"
                        "stop-signal\",\"value\":"
                        "\"SIGINT\"}]}";
        _cleanup_image_manifest_ ImageManifest *m = NULL;
        _cleanup_oci_config_ OciConfig *c = NULL;
        _cleanup_strv_ char **warnings = NULL;
        _cleanup_free_ char *json = NULL, *error = NULL;
        assert_int_equal(image_manifest_parse("I", aci, strlen(aci), &m, &error), 0);
        assert_int_equal(oci_config_from_image_manifest(m, A, &json, &warnings, &error), 0);
        assert_int_equal(strv_length(warnings), 1);
        assert_non_null(strstr(warnings[0], "isolators"));
        assert_int_equal(oci_config_parse("C", json, strlen(json), &c, &error), 0);
        assert_string_equal(c->arch, "arm");
        assert_string_equal(c->variant, "v7");
        assert_string_equal(c->entrypoint[1], "-x");
        assert_string_equal(c->user, "kv:10");
        assert_string_equal(c->working_directory, "/data");
        assert_string_equal(c->environment[0], "A=b=c");
        assert_string_equal(c->volumes[0], "/data");
        assert_string_equal(c->exposed_ports[0], "80-82/udp");
        assert_string_equal(name_values_get(&c->labels, "l"), "v");
        assert_string_equal(c->stop_signal, "SIGINT");
        assert_string_equal(c->diff_ids[0], A);
}

static void a_user_that_is_the_owner_of_a_file_is_refused(void **state) {
        _cleanup_image_manifest_ ImageManifest *m = image_manifest_new("example.org/x");
        _cleanup_free_ char *error = NULL;
        char *json = NULL, **warnings = NULL;
        m->app = app_new("/etc/passwd", "0");
        assert_int_equal(oci_config_from_image_manifest(m, A, &json, &warnings, &error), -EINVAL);
        assert_non_null(strstr(error, "is said as the owner of a file"));
}

/* A member of the configuration, and the annotation that comes of it. */
static void has_health(const char *members, const char *annotation, const char *value) {
        _cleanup_image_manifest_ ImageManifest *m = mapped(members, NULL);
        const char *found = name_values_get(&m->annotations, annotation);
        if (!streq_ptr(found, value))
                fail_msg("%s: %s is %s", members, annotation, found);
}

static void a_health_check_becomes_annotations(void **state) {
        has_health("\"Healthcheck\":{\"Test\":[\"CMD\",\"a\",\"b c\"]}", APP_HEALTH_CMD_ANNOTATION,
                        "[\"CMD\",\"a\",\"b c\"]");
        has_health("\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"a || b\"]}", APP_HEALTH_CMD_ANNOTATION,
                        "[\"CMD-SHELL\",\"a || b\"]");
        has_health("\"Shell\":[\"/bin/ash\",\"-ec\"],\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"a\"]}",
                        APP_HEALTH_CMD_ANNOTATION, "[\"CMD\",\"/bin/ash\",\"-ec\",\"a\"]");
        has_health("\"Healthcheck\":{\"Test\":[\"NONE\"]}", APP_HEALTH_CMD_ANNOTATION, "[\"NONE\"]");
        has_health("\"Healthcheck\":{\"Interval\":5}", APP_HEALTH_INTERVAL_ANNOTATION, NULL);
        has_health("\"Healthcheck\":null", APP_HEALTH_CMD_ANNOTATION, NULL);
        static const struct {
                const char *member, *annotation, *value;
        } table[] = {
                { "\"Interval\":90000000000", APP_HEALTH_INTERVAL_ANNOTATION, "1m30s" },
                { "\"Interval\":0", APP_HEALTH_INTERVAL_ANNOTATION, NULL },
                { "\"Timeout\":1", APP_HEALTH_TIMEOUT_ANNOTATION, "1ms" },
                { "\"StartPeriod\":2000000000", APP_HEALTH_START_PERIOD_ANNOTATION, "2s" },
                { "\"StartInterval\":500000000", APP_HEALTH_START_INTERVAL_ANNOTATION, "500ms" },
                { "\"Retries\":5", APP_HEALTH_RETRIES_ANNOTATION, "5" },
                { "\"Retries\":0", APP_HEALTH_RETRIES_ANNOTATION, NULL },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *members =
                                xasprintf("\"Healthcheck\":{\"Test\":[\"CMD\",\"a\"],%s}", table[i].member);
                has_health(members, table[i].annotation, table[i].value);
        }
}

static void a_health_check_that_cannot_be_is_left_out_with_a_warning(void **state) {
        static const char *const table[] = { "[\"HTTP\",\"/\"]", "[\"CMD\"]", "[\"CMD-SHELL\"]" };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_strv_ char **warnings = NULL;
                _cleanup_free_ char *members = xasprintf("\"Healthcheck\":{\"Test\":%s}", table[i]);
                _cleanup_image_manifest_ ImageManifest *m = mapped(members, &warnings);
                assert_null(name_values_get(&m->annotations, APP_HEALTH_CMD_ANNOTATION));
                assert_non_null(warnings[0]);
                assert_non_null(strstr(warnings[0], "health check is left out"));
        }
}

static void a_health_check_comes_back_into_a_configuration(void **state) {
        _cleanup_image_manifest_ ImageManifest *m = mapped("\"Cmd\":[\"x\"],\"Healthcheck\":{\"Test\":["
                                                           "\"CMD-SHELL\",\"a\"],\"Interval\":90000000000,"
                                                           "\"Retries\":5}",
                        NULL);
        _cleanup_free_ char *json = NULL, *error = NULL;
        _cleanup_strv_ char **warnings = NULL;
        assert_int_equal(oci_config_from_image_manifest(m, A, &json, &warnings, &error), 0);
        assert_non_null(strstr(json, "\"Healthcheck\":{\"Test\":[\"CMD\",\"/bin/sh\",\"-c\",\"a\"],"
                                     "\"Interval\":90000000000,\"Retries\":5}"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_health_check_becomes_annotations),
                cmocka_unit_test(a_health_check_that_cannot_be_is_left_out_with_a_warning),
                cmocka_unit_test(a_health_check_comes_back_into_a_configuration),
                cmocka_unit_test(name_labels_and_annotations_tell_the_origin),
                cmocka_unit_test(the_command_is_the_entry_point_with_its_arguments),
                cmocka_unit_test(users_are_names_or_numbers_with_or_without_group),
                cmocka_unit_test(what_appc_cannot_say_is_left_out_and_told),
                cmocka_unit_test(volumes_and_ports_get_names),
                cmocka_unit_test(architectures_get_appc_s_names),
                cmocka_unit_test(names_become_those_of_appc),
                cmocka_unit_test(the_result_is_an_image_manifest),
                cmocka_unit_test(an_aci_becomes_a_configuration),
                cmocka_unit_test(a_user_that_is_the_owner_of_a_file_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
