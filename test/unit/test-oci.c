/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "alloc.h"
#include "oci-config.h"
#include "oci-digest.h"
#include "oci-manifest.h"
#include "strv.h"

#define A "sha256:800bc10a0c09074a25ecc3f7730169ddb1e71c9e56914d2072c4ac36f2096ea8"
#define B "sha256:669423bf4eba27661540d508892df90db4ba0afb72d82a4e87cb3e042f0eced2"

#define CONFIG(type)     "\"config\":{\"mediaType\":\"" type "\",\"digest\":\"" A "\",\"size\":517}"
#define LAYER(type)      "{\"mediaType\":\"" type "\",\"digest\":\"" B "\",\"size\":189}"
#define MANIFEST(layers) "{\"schemaVersion\":2," CONFIG(OCI_MEDIA_CONFIG) ",\"layers\":[" layers "]}"

static void assert_manifest_refused(const char *text, const char *message) {
        OciManifest *m = NULL;
        _cleanup_free_ char *error = NULL;
        assert_int_equal(oci_manifest_parse("M", text, strlen(text), &m, &error), -EINVAL);
        assert_null(m);
        if (!strstr(error, message))
                fail_msg("\"%s\" does not say \"%s\"", error, message);
}

static void a_digest_is_sha256_and_64_lower_case_digits(void **state) {
        assert_true(oci_digest_is_valid(A));
        assert_false(oci_digest_is_valid("sha256:"));
        assert_false(oci_digest_is_valid(A "0"));
        assert_false(oci_digest_is_valid(
                        "sha256-800bc10a0c09074a25ecc3f7730169ddb1e71c9e56914d2072c4ac36f2096ea8"));
        assert_false(oci_digest_is_valid(
                        "sha256:800BC10a0c09074a25ecc3f7730169ddb1e71c9e56914d2072c4ac36f2096ea8"));
        assert_false(oci_digest_is_valid(
                        "sha256:../0c09074a25ecc3f7730169ddb1e71c9e56914d2072c4ac36f2096ea8aa1c4"));
        assert_non_null(strstr(oci_digest_problem("sha512:00"), "algorithm that is not supported"));
        _cleanup_free_ char *id = oci_digest_to_id(A), *digest = oci_digest_from_id(id);
        assert_string_equal(id, "sha256-800bc10a0c09074a25ecc3f7730169ddb1e71c9e56914d2072c4ac36f2096ea8");
        assert_string_equal(digest, A);
        assert_null(oci_digest_from_id("sha256-80"));
        assert_null(oci_digest_from_id(
                        "sha512-800bc10a0c09074a25ecc3f7730169ddb1e71c9e56914d2072c4ac36f2096ea8"));
        _cleanup_free_ char *zero = oci_digest_from_hash((const unsigned char[32]){ 0xab });
        assert_non_null(startswith(zero, "sha256:ab00"));
        assert_true(oci_digest_is_valid(zero));
}

static void a_manifest_is_read_whole(void **state) {
        _cleanup_oci_manifest_ OciManifest *m = NULL;
        const char *text =
                        "{\"schemaVersion\":2,\"mediaType\":\"" OCI_MEDIA_MANIFEST
                        "\"," CONFIG(OCI_MEDIA_CONFIG) ",\"layers\":[" LAYER(OCI_MEDIA_LAYER_GZIP) "," LAYER(
                                        OCI_MEDIA_LAYER_GZIP) "," LAYER(OCI_MEDIA_LAYER) "],\"annotations\":"
                                                                                         "{\"k\":\"v\"},"
                                                                                         "\"more\":[null]}";
        assert_int_equal(oci_manifest_parse("M", text, strlen(text), &m, NULL), 0);
        assert_string_equal(m->media_type, OCI_MEDIA_MANIFEST);
        assert_string_equal(m->config.digest, A);
        assert_int_equal(m->config.size, 517);
        assert_int_equal(m->n_layers, 3);
        assert_string_equal(m->layers[1].digest, B);
        assert_int_equal(oci_layer_format(m->layers[2].media_type), OCI_LAYER_TAR);
        assert_string_equal(name_values_get(&m->annotations, "k"), "v");
}

static void docker_s_second_schema_is_the_same_with_other_types(void **state) {
        _cleanup_oci_manifest_ OciManifest *m = NULL;
        const char *text = "{\"schemaVersion\":2,\"mediaType\":\"" DOCKER_MEDIA_MANIFEST "\"," CONFIG(
                        DOCKER_MEDIA_CONFIG) ",\"layers\":[" LAYER(DOCKER_MEDIA_LAYER ".gzip") "]}";
        assert_int_equal(oci_manifest_parse("M", text, strlen(text), &m, NULL), 0);
        assert_string_equal(m->media_type, DOCKER_MEDIA_MANIFEST);
        assert_int_equal(oci_layer_format(m->layers[0].media_type), OCI_LAYER_GZIP);
}

static void what_a_manifest_must_say_is_missed_by_name_and_place(void **state) {
        assert_manifest_refused(
                        "{\"schemaVersion\":2," CONFIG(OCI_MEDIA_CONFIG) "}", "M:1:1: layers: missing");
        assert_manifest_refused("{\"schemaVersion\":2,\"layers\":[]}", "config: missing");
        assert_manifest_refused("{" CONFIG(OCI_MEDIA_CONFIG) ",\"layers\":[]}", "schemaVersion: missing");
        assert_manifest_refused("[]", "expected an object");
        assert_manifest_refused(MANIFEST("\n{\"mediaType\":\"" OCI_MEDIA_LAYER "\",\"size\":1}"),
                        "M:2:1: layers[0].digest: missing");
        assert_manifest_refused(MANIFEST("{\"mediaType\":\"" OCI_MEDIA_LAYER "\",\"digest\":\"" B "\"}"),
                        "layers[0].size: missing");
}

static void sizes_and_digests_are_checked(void **state) {
        assert_manifest_refused(
                        MANIFEST("{\"mediaType\":\"" OCI_MEDIA_LAYER "\",\"digest\":\"" B "\",\"size\":-1}"),
                        "layers[0].size: -1 is out of range");
        assert_manifest_refused(MANIFEST("{\"mediaType\":\"" OCI_MEDIA_LAYER "\",\"digest\":\"" B
                                         "\",\"size\":1.5}"),
                        "layers[0].size: expected an integer");
        assert_manifest_refused(MANIFEST("{\"mediaType\":\"" OCI_MEDIA_LAYER "\",\"digest\":\"" B
                                         "\",\"size\":99999999999999999999}"),
                        "layers[0].size");
        assert_manifest_refused(MANIFEST("{\"mediaType\":\"" OCI_MEDIA_LAYER
                                         "\",\"digest\":\"sha256:../../x\",\"size\":1}"),
                        "layers[0].digest: \"sha256:../../x\" is not a digest");
        assert_manifest_refused("{\"schemaVersion\":2,\"config\":{\"mediaType\":\"" OCI_MEDIA_CONFIG
                                "\",\"digest\":\"" A "\",\"size\":4194305},\"layers\":[]}",
                        "config.size: 4194305 is more than");
}

static void what_cannot_be_run_is_refused_by_its_media_type(void **state) {
        assert_manifest_refused(MANIFEST(LAYER("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")),
                        "layers[0].mediaType: \"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip\" "
                        "is "
                        "a foreign layer");
        assert_manifest_refused(MANIFEST(LAYER("application/vnd.oci.image.layer.v1.tar+gzip+encrypted")),
                        "is not a layer that can be read");
        assert_manifest_refused("{\"schemaVersion\":2," CONFIG(
                                                "application/vnd.cncf.helm.config.v1+json") ","
                                                                                            "\"layers\":[]}",
                        "is not the configuration of a container image");
        assert_manifest_refused("{\"schemaVersion\":1,\"fsLayers\":[]}", "schema 1 are not supported");
}

static void a_document_is_of_one_kind_only(void **state) {
        assert_manifest_refused("{\"schemaVersion\":2," CONFIG(OCI_MEDIA_CONFIG) ",\"layers\":[],"
                                                                                 "\"manifests\":[]}",
                        "manifests: this kind of document cannot have");
        assert_manifest_refused("{\"schemaVersion\":2,\"mediaType\":\"" OCI_MEDIA_INDEX
                                "\"," CONFIG(OCI_MEDIA_CONFIG) ",\"layers\":[]}",
                        "is not the media type of an image manifest");
        OciDocumentKind kind;
        _cleanup_free_ char *error = NULL;
        const char *text = MANIFEST("");
        assert_int_equal(oci_document_kind("M", "application/json", text, strlen(text), &kind, &error), 0);
        assert_int_equal(kind, OCI_MANIFEST);
        assert_int_equal(
                        oci_document_kind("M", OCI_MEDIA_INDEX, text, strlen(text), &kind, &error), -EINVAL);
        assert_non_null(strstr(error, "is an image manifest, but comes as \"" OCI_MEDIA_INDEX));
        assert_int_equal(oci_document_kind("M", NULL, "{\"manifests\":[]}", 16, &kind, NULL), 0);
        assert_int_equal(kind, OCI_INDEX);
        assert_int_equal(oci_document_kind("M", NULL, "{\"fsLayers\":[]}", 15, &kind, NULL), 0);
        assert_int_equal(kind, OCI_SCHEMA1);
        assert_int_equal(oci_document_kind("M", NULL, "{\"errors\":[]}", 13, &kind, NULL), -EINVAL);
}

static void a_member_that_is_given_twice_is_refused(void **state) {
        assert_manifest_refused("{\"schemaVersion\":2," CONFIG(OCI_MEDIA_CONFIG) ",\"layers\":[],"
                                                                                 "\"layers\":[]}",
                        "has a member twice");
        _cleanup_oci_manifest_ OciManifest *m = NULL;
        const char *text = "{\"schemaVersion\":2," CONFIG(OCI_MEDIA_CONFIG) ",\"layers\":[],\"annotations\":"
                                                                            "{\"a:b\\\":c\":\":{\\\\\"}}";
        assert_int_equal(oci_manifest_parse("M", text, strlen(text), &m, NULL), 0);
}

static void documents_have_limits(void **state) {
        OciManifest *m = NULL;
        _cleanup_free_ char *error = NULL, *large = xmalloc(OCI_DOCUMENT_MAX + 1);
        memset(large, ' ', OCI_DOCUMENT_MAX + 1);
        assert_int_equal(oci_manifest_parse("M", large, OCI_DOCUMENT_MAX + 1, &m, &error), -EFBIG);
        assert_non_null(strstr(error, "larger than 4194304 bytes"));

        _cleanup_free_ char *many = xmalloc(1024 * 1024), *deep = xmalloc(1000);
        char *p = many;
        for (size_t i = 0; i <= OCI_LAYERS_MAX; i++)
                p += sprintf(p, "%s%s", i ? "," : "", LAYER(OCI_MEDIA_LAYER));
        _cleanup_free_ char *text = xasprintf(MANIFEST("%s"), many);
        assert_manifest_refused(text, "1001 layers are too many");

        memset(deep, '[', 999);
        deep[999] = 0;
        assert_manifest_refused(deep, "nesting too deep");
}

#define PLATFORM(digit, arch, variant)                                                                      \
        "{\"mediaType\":\"" OCI_MEDIA_MANIFEST "\",\"size\":1,\"digest\":\"sha256:" digit                   \
        "00bc10a0c09074a25ecc3f7730169ddb1e71c9e56914d2072c4ac36f2096ea8\",\"platform\":{\"os\":\"linux\"," \
        "\"architecture\":\"" arch "\"" variant "}}"

static char selected(const char *manifests, const char *arch, const char *variant) {
        _cleanup_oci_index_ OciIndex *index = NULL;
        _cleanup_free_ char *error = NULL,
                            *text = xasprintf("{\"schemaVersion\":2,\"manifests\":[%s]}", manifests);
        if (oci_index_parse("I", text, strlen(text), &index, &error) < 0)
                fail_msg("%s", error);
        const OciDescriptor *d = oci_index_select(index, "linux", arch, variant);
        return d ? *oci_digest_hex(d->digest) : '-';
}

static void the_best_variant_that_runs_is_selected(void **state) {
        static const char index[] = PLATFORM("1", "amd64", "") "," PLATFORM(
                        "2", "arm", ",\"variant\":\"v6\"") "," PLATFORM("3", "arm",
                        ",\"variant\":\"v7\"") "," PLATFORM("4", "arm64",
                        ",\"variant\":\"v8\"") "," PLATFORM("5", "amd64", ",\"variant\":\"v3\"");
        assert_int_equal(selected(index, "amd64", NULL), '1');
        assert_int_equal(selected(index, "amd64", "v4"), '5');
        assert_int_equal(selected(index, "amd64", "v2"), '1');
        assert_int_equal(selected(index, "arm", "v6"), '2');
        assert_int_equal(selected(index, "arm", "v7"), '3');
        assert_int_equal(selected(index, "arm", "v8"), '3');
        assert_int_equal(selected(index, "arm", "v5"), '-');
        assert_int_equal(selected(index, "arm64", NULL), '4');
        assert_int_equal(selected(index, "arm64", "v8"), '4');
        assert_int_equal(selected(index, "s390x", NULL), '-');
        assert_int_equal(selected(PLATFORM("6", "arm", ""), "arm", "v6"), '-');
        assert_int_equal(selected(PLATFORM("6", "arm", ""), "arm", "v7"), '6');
}

static void an_entry_without_platform_is_taken_if_it_is_the_only_one(void **state) {
        static const char one[] =
                        "{\"mediaType\":\"" OCI_MEDIA_MANIFEST "\",\"size\":1,\"digest\":\"" A "\"}",
                          other[] = "{\"mediaType\":\"text/plain\",\"size\":1,\"digest\":\"" B "\"}";
        _cleanup_free_ char *both = xasprintf("%s,%s", one, other), *twice = xasprintf("%s,%s", one, one),
                            *with = xasprintf("%s,%s", one, PLATFORM("1", "amd64", ""));
        assert_int_equal(selected(one, "amd64", NULL), '8');
        assert_int_equal(selected(both, "amd64", NULL), '8');
        assert_int_equal(selected(twice, "amd64", NULL), '-');
        assert_int_equal(selected(with, "amd64", NULL), '1');
        assert_int_equal(selected(other, "amd64", NULL), '-');
}

static void an_index_tells_its_platforms(void **state) {
        _cleanup_oci_index_ OciIndex *index = NULL;
        const char *text = "{\"schemaVersion\":2,\"manifests\":[" PLATFORM("1", "amd64", "") "," PLATFORM(
                        "2", "arm", ",\"variant\":\"v6\"") "," PLATFORM("3", "amd64", "") "]}";
        assert_int_equal(oci_index_parse("I", text, strlen(text), &index, NULL), 0);
        _cleanup_free_ char *platforms = oci_index_platforms(index);
        assert_string_equal(platforms, "linux/amd64, linux/arm/v6");
}

static void architectures_have_go_s_names(void **state) {
        const char *arch, *variant;
        assert_true(oci_platform_from_appc("aarch64", &arch, &variant));
        assert_string_equal(arch, "arm64");
        assert_string_equal(variant, "v8");
        assert_true(oci_platform_from_appc("i386", &arch, &variant));
        assert_string_equal(arch, "386");
        assert_null(variant);
        assert_false(oci_platform_from_appc("386", &arch, &variant));
}

static const char configuration[] = "{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\","
                                    "\"created\":\"2020-01-01T00:00:00Z\","
                                    "\"author\":\"\",\"config\":{\"User\":\"www:grp\",\"Env\":[\"A=b\","
                                    "\"BAD\"],\"Entrypoint\":[\"/e\"],"
                                    "\"Cmd\":null,\"WorkingDir\":\"/w\",\"ExposedPorts\":{\"80/"
                                    "tcp\":{},\"53/udp\":{}},\"Volumes\":"
                                    "{\"/"
                                    "data\":{}},\"Labels\":{\"x\":\"y\"},\"StopSignal\":\"SIGUSR1\","
                                    "\"Healthcheck\":{}},\"rootfs\":"
                                    "{\"type\":\"layers\",\"diff_ids\":[\"" A "\",\"" B
                                    "\"]},\"history\":[{\"empty_layer\":true}]}";

static void a_configuration_is_read_whole(void **state) {
        _cleanup_oci_config_ OciConfig *c = NULL;
        _cleanup_free_ char *error = NULL;
        assert_int_equal(oci_config_parse("C", configuration, strlen(configuration), &c, &error), 0);
        assert_string_equal(c->variant, "v7");
        assert_null(c->author);
        assert_string_equal(c->user, "www:grp");
        assert_string_equal(c->environment[1], "BAD");
        assert_string_equal(c->entrypoint[0], "/e");
        assert_null(c->command);
        assert_string_equal(c->exposed_ports[1], "53/udp");
        assert_string_equal(c->volumes[0], "/data");
        assert_string_equal(name_values_get(&c->labels, "x"), "y");
        assert_string_equal(c->stop_signal, "SIGUSR1");
        assert_int_equal(c->n_diff_ids, 2);
        assert_string_equal(c->diff_ids[1], B);
}

static void assert_config_refused(const char *text, const char *message) {
        OciConfig *c = NULL;
        _cleanup_free_ char *error = NULL;
        assert_int_equal(oci_config_parse("C", text, strlen(text), &c, &error), -EINVAL);
        assert_null(c);
        if (!strstr(error, message))
                fail_msg("\"%s\" does not say \"%s\"", error, message);
}

static void a_configuration_must_say_platform_and_layers(void **state) {
        assert_config_refused("{\"os\":\"linux\",\"architecture\":\"amd64\"}", "C:1:1: rootfs: missing");
        assert_config_refused("{\"os\":\"\",\"architecture\":\"amd64\"}", "os: must not be empty");
        assert_config_refused("{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"type\":\"x\"}}",
                        "rootfs.type: \"x\" is not known");
        assert_config_refused("{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"type\":\"layers\","
                              "\"diff_ids\":[\"sha256:0\"]}}",
                        "rootfs.diff_ids[0]: \"sha256:0\" is not a digest");
        assert_config_refused("{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{\"Cmd\":\"sh\"}}",
                        "config.Cmd: expected an array, found a string");
        _cleanup_oci_config_ OciConfig *c = NULL;
        const char *text = "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"type\":\"layers\","
                           "\"diff_ids\":null}}";
        assert_int_equal(oci_config_parse("C", text, strlen(text), &c, NULL), 0);
        assert_int_equal(c->n_diff_ids, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_digest_is_sha256_and_64_lower_case_digits),
                cmocka_unit_test(a_manifest_is_read_whole),
                cmocka_unit_test(docker_s_second_schema_is_the_same_with_other_types),
                cmocka_unit_test(what_a_manifest_must_say_is_missed_by_name_and_place),
                cmocka_unit_test(sizes_and_digests_are_checked),
                cmocka_unit_test(what_cannot_be_run_is_refused_by_its_media_type),
                cmocka_unit_test(a_document_is_of_one_kind_only),
                cmocka_unit_test(a_member_that_is_given_twice_is_refused),
                cmocka_unit_test(documents_have_limits),
                cmocka_unit_test(the_best_variant_that_runs_is_selected),
                cmocka_unit_test(an_entry_without_platform_is_taken_if_it_is_the_only_one),
                cmocka_unit_test(an_index_tells_its_platforms),
                cmocka_unit_test(architectures_have_go_s_names),
                cmocka_unit_test(a_configuration_is_read_whole),
                cmocka_unit_test(a_configuration_must_say_platform_and_layers),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
