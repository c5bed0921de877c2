/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "alloc.h"
#include "pod-manifest.h"

static const char cache_and_backup[] =
                "{\"acVersion\":\"1.30.0\",\"acKind\":\"PodManifest\",\"apps\":["
                "{\"name\":\"cache\",\"image\":{\"name\":\"example.org/"
                "cache\",\"id\":\"sha512-8d3f\",\"labels\":["
                "{\"name\":\"version\",\"value\":\"1.0.0\"}]},\"app\":{\"exec\":[\"/bin/"
                "cache\"],\"user\":\"0\",\"group\":\"0\","
                "\"mountPoints\":[{\"name\":\"work\",\"path\":\"/var/lib/work\"}]},\"readOnlyRootFS\":true,"
                "\"mounts\":[{\"volume\":\"work\",\"path\":\"/var/lib/"
                "work\"},{\"volume\":\"own\",\"path\":\"/own\","
                "\"appVolume\":{\"name\":\"own\",\"kind\":\"host\",\"source\":\"/"
                "srv\",\"readOnly\":false}}],"
                "\"annotations\":[{\"name\":\"example.com/a\",\"value\":\"b\"}]},"
                "{\"name\":\"backup\",\"image\":{\"id\":\"sha512-c6b5\"}}],"
                "\"volumes\":[{\"name\":\"work\",\"kind\":\"host\",\"source\":\"/opt/"
                "work\",\"readOnly\":true,\"recursive\":true},"
                "{\"name\":\"buildoutput\",\"kind\":\"empty\",\"mode\":\"0700\",\"uid\":1,\"gid\":2}],"
                "\"isolators\":[{\"name\":\"resource/memory\",\"value\":{\"limit\":\"4G\"}}],"
                "\"annotations\":[{\"name\":\"ip-address\",\"value\":\"10.1.2.3\"}],"
                "\"ports\":[{\"name\":\"ftp\",\"hostPort\":2121,\"hostIP\":\"127.0.0.1\",\"podPort\":{"
                "\"name\":\"ftp\","
                "\"protocol\":\"tcp\",\"port\":21,\"count\":1,\"socketActivated\":false}}],"
                "\"userAnnotations\":{\"k\":\"v\"},\"userLabels\":{\"l\":\"w\"}}";

static PodManifest *parse(const char *text) {
        PodManifest *m = NULL;
        _cleanup_free_ char *error = NULL;
        if (pod_manifest_parse("pod", text, strlen(text), &m, &error) < 0)
                fail_msg("%s", error);
        return m;
}

static void a_full_manifest_comes_out_as_it_went_in(void **state) {
        _cleanup_pod_manifest_ PodManifest *m = parse(cache_and_backup);
        assert_int_equal(m->n_apps, 2);
        RuntimeApp *cache = pod_manifest_find_app(m, "cache");
        assert_string_equal(cache->image.name, "example.org/cache");
        assert_true(cache->read_only_rootfs);
        assert_string_equal(cache->mounts[1].app_volume->source, "/srv");
        assert_null(pod_manifest_find_app(m, "backup")->app);
        assert_null(pod_manifest_find_app(m, "web"));
        assert_int_equal(pod_manifest_find_volume(m, "buildoutput")->mode, 0700);
        assert_int_equal(pod_manifest_find_volume(m, "work")->recursive, 1);
        assert_int_equal(m->ports[0].pod_port->port, 21);
        _cleanup_free_ char *text = pod_manifest_to_text(m, false);
        assert_string_equal(text, cache_and_backup);
}

static void the_lists_of_a_pod_are_written_even_if_empty(void **state) {
        _cleanup_pod_manifest_ PodManifest *m = pod_manifest_new();
        _cleanup_free_ char *text = pod_manifest_to_text(m, false);
        assert_string_equal(text,
                        "{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\",\"apps\":[],\"volumes\":[],"
                        "\"isolators\":[],\"annotations\":[],\"ports\":[]}");
}

static void a_pod_is_put_together_piece_by_piece(void **state) {
        /* three were read: what is added must not run into the end of their arrays */
        _cleanup_pod_manifest_ PodManifest *m =
                        parse("{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\",\"apps\":["
                              "{\"name\":\"a\",\"image\":{\"id\":\"sha512-aa\"}},"
                              "{\"name\":\"b\",\"image\":{\"id\":\"sha512-aa\"}},"
                              "{\"name\":\"c\",\"image\":{\"id\":\"sha512-aa\"}}]}");
        for (char name[] = "d"; *name <= 'k'; name[0]++) {
                RuntimeApp *a = pod_manifest_add_app(m, name, "sha512-bb");
                Mount *mount = runtime_app_add_mount(a, "v", "/v");
                assert_null(mount->app_volume);
        }
        Volume *v = pod_manifest_add_volume(m);
        v->name = xstrdup("v");
        v->kind = VOLUME_EMPTY;
        v->mode = 0755;
        ExposedPort *p = pod_manifest_add_port(m);
        p->name = xstrdup("www");
        p->host_port = 80;
        _cleanup_free_ char *text = pod_manifest_to_text(m, false);
        _cleanup_pod_manifest_ PodManifest *again = parse(text);
        assert_int_equal(again->n_apps, 11);
        assert_int_equal(again->volumes[0].read_only, -1);
        assert_string_equal(again->apps[10].mounts[0].path, "/v");
        pod_manifest_remove_app(again, "e");
        pod_manifest_remove_app(again, "e");
        pod_manifest_remove_app(again, "k");
        assert_int_equal(again->n_apps, 9);
        assert_null(pod_manifest_find_app(again, "e"));
        assert_string_equal(pod_manifest_find_app(again, "j")->mounts[0].path, "/v");
        assert_string_equal(again->apps[4].name, "f");
        assert_string_equal(pod_manifest_add_app(again, "l", "sha512-bb")->name, "l");
}

static const char *const bad_members[][2] = {
        { "\"apps\":{}", "apps: expected an array" },
        { "\"apps\":[{}]", "apps[0].name: missing" },
        { "\"apps\":[{\"name\":\"a.b\"}]", "apps[0].name: \"a.b\" is not an AC name" },
        { "\"apps\":[{\"name\":\"a\"}]", "apps[0].image: missing" },
        { "\"apps\":[{\"name\":\"a\",\"image\":{}}]", "apps[0].image.id: missing" },
        { "\"apps\":[{\"name\":\"a\",\"image\":{\"id\":\"\"}}]",
                        "apps[0].image.id: \"\" is not an image ID" },
        { "\"apps\":[{\"name\":\"a\",\"image\":{\"id\":\"sha512-aa\",\"name\":\"A\"}}]",
                        "apps[0].image.name: \"A\"" },
        { "\"apps\":[{\"name\":\"a\",\"image\":{\"id\":\"sha512-aa\"},\"app\":{}}]",
                        "apps[0].app.user: missing" },
        { "\"apps\":[{\"name\":\"a\",\"image\":{\"id\":\"sha512-aa\"},\"readOnlyRootFS\":1}]",
                        "apps[0].readOnlyRootFS: expected a boolean" },
        { "\"apps\":[{\"name\":\"a\",\"image\":{\"id\":\"sha512-aa\"},\"mounts\":[{\"volume\":\"v\"}]}]",
                        "apps[0].mounts[0].path: missing" },
        { "\"apps\":[{\"name\":\"a\",\"image\":{\"id\":\"sha512-aa\"},\"mounts\":[{\"volume\":\"v\","
          "\"path\":\"/v\"}]}]",
                        "apps[0].mounts[0].volume: the pod has no volume \"v\"" },
        { "\"apps\":[{\"name\":\"a\",\"image\":{\"id\":\"sha512-aa\"},\"mounts\":[{\"volume\":\"v\","
          "\"path\":\"/v\","
          "\"appVolume\":{\"name\":\"v\",\"kind\":\"disk\"}}]}]",
                        "apps[0].mounts[0].appVolume.kind: unknown kind of volume" },
        { "\"apps\":[{\"name\":\"a\",\"image\":{\"id\":\"sha512-aa\"}},{\"name\":\"a\",\"image\":{\"id\":"
          "\"sha512-bb\"}}]",
                        "apps[1]: \"a\" is given twice" },
        { "\"volumes\":[{\"name\":\"v\",\"kind\":\"host\",\"source\":\"srv\"}]",
                        "volumes[0].source: \"srv\" is not" },
        { "\"volumes\":[{\"name\":\"v\",\"kind\":\"empty\",\"mode\":\"rwx\"}]",
                        "volumes[0].mode: \"rwx\" is not" },
        { "\"volumes\":[{\"name\":\"v\",\"kind\":\"empty\",\"readOnly\":\"no\"}]",
                        "volumes[0].readOnly: expected a boolean" },
        { "\"volumes\":[{\"name\":\"v\",\"kind\":\"empty\"},{\"name\":\"v\",\"kind\":\"empty\"}]",
                        "volumes[1]: \"v\" is given twice" },
        { "\"ports\":[{\"name\":\"p\"}]", "ports[0].hostPort: missing" },
        { "\"ports\":[{\"name\":\"p\",\"hostPort\":0}]", "ports[0].hostPort: 0 is out of range" },
        { "\"ports\":[{\"name\":\"p\",\"hostPort\":80,\"hostIP\":\"localhost\"}]",
                        "ports[0].hostIP: \"localhost\" is not" },
        { "\"ports\":[{\"name\":\"p\",\"hostPort\":80,\"podPort\":{}}]", "ports[0].podPort.name: missing" },
        { "\"isolators\":[{\"name\":\"resource/cpu\",\"value\":null}]", "isolators[0].value: missing" },
        { "\"annotations\":[{\"name\":\"a b\",\"value\":\"\"}]", "annotations[0].name: \"a b\" is not" },
        { "\"userLabels\":{\"a\":[]}", "userLabels.a: expected a string" },
};

static void every_member_is_checked(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(bad_members); i++) {
                _cleanup_free_ char *text =
                                xasprintf("{\"acKind\":\"PodManifest\",\"acVersion\":\"0.8.11\",%s}",
                                                bad_members[i][0]);
                _cleanup_free_ char *error = NULL;
                PodManifest *m = NULL;
                if (pod_manifest_parse("pod", text, strlen(text), &m, &error) != -EINVAL)
                        fail_msg("accepted: %s", text);
                if (!strstr(error, bad_members[i][1]))
                        fail_msg("%s\nsays: %s", text, error);
        }
}

static void kind_and_version_are_required(void **state) {
        static const char *const table[][2] = {
                { "{\"acVersion\":\"0.8.11\"}", "acKind: missing" },
                { "{\"acVersion\":\"0.8.11\",\"acKind\":\"ImageManifest\"}",
                                "acKind: expected \"PodManifest\"" },
                { "{\"acKind\":\"PodManifest\"}", "acVersion: missing" },
                { "{\"acKind\":\"PodManifest\",\"acVersion\":\"0.0.0\"}", "acVersion: \"0.0.0\"" },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *error = NULL;
                PodManifest *m = NULL;
                assert_int_equal(pod_manifest_parse("pod", table[i][0], strlen(table[i][0]), &m, &error),
                                -EINVAL);
                assert_non_null(strstr(error, table[i][1]));
        }
}

static PodManifest *parse_names(const char *text) {
        PodManifest *m = NULL;
        _cleanup_free_ char *error = NULL;
        if (pod_manifest_parse_names("pod", text, strlen(text), &m, &error) < 0)
                fail_msg("%s", error);
        return m;
}

static void names_and_images_are_read_without_the_rest(void **state) {
        _cleanup_pod_manifest_ PodManifest *m = parse_names(cache_and_backup);
        assert_string_equal(m->ac_version, "1.30.0");
        assert_int_equal(m->n_apps, 2);
        const RuntimeApp *cache = pod_manifest_find_app(m, "cache");
        assert_string_equal(cache->image.name, "example.org/cache");
        assert_string_equal(cache->image.id, "sha512-8d3f");
        assert_string_equal(name_values_get(&cache->image.labels, "version"), "1.0.0");
        assert_null(cache->app);
        assert_null(pod_manifest_find_app(m, "backup")->image.name);
}

/* What the short way does not understand is left to the long one. */
static void names_are_the_same_however_they_are_written(void **state) {
        static const char *const apps[] = {
                "{\"name\":\"one\",\"image\":{\"id\":\"sha512-8d3f\"}}",
                "{\"image\":{\"id\":\"sha512-8d3f\",\"id\":\"sha512-8d3f\"},\"name\":\"two\",\"name\":"
                "\"one\"}",
                "{\"n\\u0061me\":\"one\",\"im\\u0061ge\":{\"i\\u0064\":\"sha512-8d\\u0033f\"}}",
                "{\"name\":\"two\",\"n\\u0061me\":\"one\",\"image\":{\"id\":\"sha512-8d3f\",\"labels\":null}"
                "}",
                "{\"other\":{\"name\":[1,{\"id\":-1.5e+3}]},\"name\" : \"one\",\"image\":\n{ "
                "\"id\":\"sha512-8d3f\"}}",
        };
        for (size_t i = 0; i < ELEMENTSOF(apps); i++) {
                _cleanup_free_ char *text = xasprintf(
                                "{\"apps\":[%s],\"acKind\":\"PodManifest\",\"acVersion\":\"0.8.11\"}",
                                apps[i]);
                _cleanup_pod_manifest_ PodManifest *m = parse_names(text);
                assert_int_equal(m->n_apps, 1);
                assert_string_equal(m->apps[0].name, "one");
                assert_string_equal(m->apps[0].image.id, "sha512-8d3f");
        }
}

static void names_of_a_damaged_manifest_are_refused_with_the_place(void **state) {
        static const char *const bad[] = {
                "{\"acVersion\":\"0.8.11\",\"acKind\":\"ImageManifest\",\"apps\":[]}",
                "{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\",\"apps\":[]",
                "{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\",\"volumes\":[01]}",
                "{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\",\"apps\":[{\"name\":\"one\"}]}",
                "{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\",\"apps\":[{\"name\":\"../x\","
                "\"image\":{\"id\":\"sha512-8d3f\"}}]}",
        };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_pod_manifest_ PodManifest *m = NULL;
                _cleanup_free_ char *error = NULL;
                assert_int_equal(pod_manifest_parse_names("pod", bad[i], strlen(bad[i]), &m, &error),
                                -EINVAL);
                assert_memory_equal(error, "pod:1:", 6);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_full_manifest_comes_out_as_it_went_in),
                cmocka_unit_test(the_lists_of_a_pod_are_written_even_if_empty),
                cmocka_unit_test(a_pod_is_put_together_piece_by_piece),
                cmocka_unit_test(every_member_is_checked),
                cmocka_unit_test(kind_and_version_are_required),
                cmocka_unit_test(names_and_images_are_read_without_the_rest),
                cmocka_unit_test(names_are_the_same_however_they_are_written),
                cmocka_unit_test(names_of_a_damaged_manifest_are_refused_with_the_place),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
