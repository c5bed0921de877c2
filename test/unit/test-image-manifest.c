/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "alloc.h"
#include "image-manifest.h"
#include "strv.h"
#include "types.h"

static const char key_value_store[] =
                "{\"acKind\": \"ImageManifest\", \"acVersion\": \"0.8.11\", \"name\": \"example.org/kv\",\n"
                " \"labels\": [{\"name\": \"version\", \"value\": \"3.1.0\"}, {\"name\": \"os\", \"value\": "
                "\"linux\"},\n"
                "            {\"name\": \"arch\", \"value\": \"amd64\"}],\n"
                " \"app\": {\"exec\": [\"/usr/bin/kv\", \"--data=/data\"], \"user\": \"kv\", \"group\": "
                "\"100\",\n"
                "  \"supplementaryGIDs\": [10, 4294967294], \"workingDirectory\": \"/data\",\n"
                "  \"eventHandlers\": [{\"name\": \"post-stop\", \"exec\": [\"/usr/bin/kv-leave\"]},\n"
                "                    {\"name\": \"pre-start\", \"exec\": [\"/usr/bin/kv-join\", \"-q\"]}],\n"
                "  \"environment\": [{\"name\": \"KV_PEERS\", \"value\": \"a=1,b=2\"}],\n"
                "  \"mountPoints\": [{\"name\": \"data\", \"path\": \"/data\"},\n"
                "                  {\"name\": \"certs\", \"path\": \"/etc/kv/../certs\", \"readOnly\": "
                "true}],\n"
                "  \"ports\": [{\"name\": \"client\", \"protocol\": \"tcp\", \"port\": 2379},\n"
                "            {\"name\": \"peers\", \"protocol\": \"udp\", \"port\": 65000, \"count\": 536, "
                "\"socketActivated\": true}],\n"
                "  \"isolators\": [{\"name\": \"resource/memory\", \"value\": {\"limit\": \"1G\"}}],\n"
                "  \"userAnnotations\": {\"b\": \"2\", \"a\": \"1\"}, \"userLabels\": {\"tier\": \"db\"}},\n"
                " \"annotations\": [{\"name\": \"created\", \"value\": \"2016-01-02T03:04:05Z\"},\n"
                "                 {\"name\": \"homepage\", \"value\": \"https://example.org/kv\"}],\n"
                " \"dependencies\": [{\"imageName\": \"example.org/base\", \"imageID\": "
                "\"sha512-0123abcd\",\n"
                "                   \"labels\": [{\"name\": \"os\", \"value\": \"linux\"}], \"size\": "
                "22017258}],\n"
                " \"pathWhitelist\": [\"/usr/bin/kv\", \"/etc\"], \"comment\": {\"ignored\": [null]}}";

static ImageManifest *parse(const char *text) {
        ImageManifest *m = NULL;
        _cleanup_free_ char *error = NULL;
        if (image_manifest_parse("manifest", text, strlen(text), &m, &error) < 0)
                fail_msg("%s", error);
        return m;
}

static void a_full_manifest_is_read_whole(void **state) {
        _cleanup_image_manifest_ ImageManifest *m = parse(key_value_store);
        assert_string_equal(m->ac_version, "0.8.11");
        assert_string_equal(m->name, "example.org/kv");
        assert_string_equal(name_values_get(&m->labels, "version"), "3.1.0");
        assert_string_equal(m->app->exec[1], "--data=/data");
        assert_int_equal(strv_length(m->app->pre_start), 2);
        assert_string_equal(m->app->post_stop[0], "/usr/bin/kv-leave");
        assert_string_equal(m->app->user, "kv");
        assert_int_equal(m->app->n_supplementary_gids, 2);
        assert_int_equal(m->app->supplementary_gids[1], 4294967294);
        assert_string_equal(m->app->working_directory, "/data");
        assert_string_equal(name_values_get(&m->app->environment, "KV_PEERS"), "a=1,b=2");
        assert_true(app_find_mount_point(m->app, "certs")->read_only);
        assert_null(app_find_mount_point(m->app, "logs"));
        assert_int_equal(app_find_port(m->app, "client")->count, 1);
        assert_int_equal(app_find_port(m->app, "peers")->count, 536);
        assert_true(app_find_port(m->app, "peers")->socket_activated);
        assert_string_equal(name_values_get(&m->app->user_labels, "tier"), "db");
        assert_int_equal(m->n_dependencies, 1);
        assert_int_equal(m->dependencies[0].size, 22017258);
        assert_string_equal(m->dependencies[0].image_id, "sha512-0123abcd");
        assert_string_equal(m->path_whitelist[1], "/etc");
}

static void it_is_written_in_the_order_of_the_schema(void **state) {
        _cleanup_image_manifest_ ImageManifest *m = parse(key_value_store);
        _cleanup_free_ char *text = image_manifest_to_text(m, false);
        assert_string_equal(text,
                        "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"example.org/"
                        "kv\",\"labels\":["
                        "{\"name\":\"version\",\"value\":\"3.1.0\"},{\"name\":\"os\",\"value\":\"linux\"},"
                        "{\"name\":\"arch\",\"value\":\"amd64\"}],\"app\":{\"exec\":[\"/usr/bin/"
                        "kv\",\"--data=/data\"],"
                        "\"eventHandlers\":[{\"name\":\"pre-start\",\"exec\":[\"/usr/bin/kv-join\",\"-q\"]},"
                        "{\"name\":\"post-stop\",\"exec\":[\"/usr/bin/"
                        "kv-leave\"]}],\"user\":\"kv\",\"group\":\"100\","
                        "\"supplementaryGIDs\":[10,4294967294],\"workingDirectory\":\"/"
                        "data\",\"environment\":["
                        "{\"name\":\"KV_PEERS\",\"value\":\"a=1,b=2\"}],\"mountPoints\":[{\"name\":\"data\","
                        "\"path\":\"/data\"},{\"name\":\"certs\",\"path\":\"/etc/kv/../"
                        "certs\",\"readOnly\":true}],"
                        "\"ports\":[{\"name\":\"client\",\"protocol\":\"tcp\",\"port\":2379,\"count\":1,"
                        "\"socketActivated\":false},{\"name\":\"peers\",\"protocol\":\"udp\",\"port\":65000,"
                        "\"count\":536,\"socketActivated\":true}],\"isolators\":[{\"name\":\"resource/"
                        "memory\","
                        "\"value\":{\"limit\":\"1G\"}}],\"userAnnotations\":{\"a\":\"1\",\"b\":\"2\"},"
                        "\"userLabels\":{\"tier\":\"db\"}},\"annotations\":[{\"name\":\"created\","
                        "\"value\":\"2016-01-02T03:04:05Z\"},{\"name\":\"homepage\","
                        "\"value\":\"https://example.org/"
                        "kv\"}],\"dependencies\":[{\"imageName\":\"example.org/base\","
                        "\"imageID\":\"sha512-0123abcd\",\"labels\":[{\"name\":\"os\",\"value\":\"linux\"}],"
                        "\"size\":22017258}],\"pathWhitelist\":[\"/usr/bin/kv\",\"/etc\"]}");
        _cleanup_image_manifest_ ImageManifest *again = parse(text);
        _cleanup_free_ char *second = image_manifest_to_text(again, false);
        assert_string_equal(text, second);
}

static void the_least_manifest_has_a_name_and_nothing_else(void **state) {
        _cleanup_image_manifest_ ImageManifest *m = parse("{\"name\":\"base\",\"acVersion\":\"0.5.1+git\","
                                                          "\"acKind\":\"ImageManifest\",\"app\":null,"
                                                          "\"labels\":null,\"pathWhitelist\":[]}");
        assert_null(m->app);
        assert_null(m->path_whitelist);
        _cleanup_free_ char *text = image_manifest_to_text(m, false);
        assert_string_equal(text,
                        "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.5.1+git\",\"name\":\"base\"}");

        _cleanup_image_manifest_ ImageManifest *fresh = image_manifest_new("made");
        _cleanup_free_ char *fresh_text = image_manifest_to_text(fresh, false);
        assert_string_equal(fresh_text,
                        "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"made\"}");
}

static void an_app_may_have_no_command(void **state) {
        _cleanup_image_manifest_ ImageManifest *m = parse(
                        "{\"name\":\"base\",\"acVersion\":\"0.8.0\",\"acKind\":\"ImageManifest\","
                        "\"app\":{\"user\":\"0\",\"group\":\"0\",\"exec\":[],\"workingDirectory\":\"\"}}");
        assert_null(m->app->exec[0]);
        assert_null(m->app->working_directory);
        _cleanup_app_ App *copy = app_copy(m->app), *made = app_new("0", "0");
        _cleanup_json_ json_object *a = app_to_json(copy), *b = app_to_json(made);
        _cleanup_free_ char *x = json_to_text(a, false), *y = json_to_text(b, false);
        assert_string_equal(x, "{\"exec\":[],\"user\":\"0\",\"group\":\"0\"}");
        assert_string_equal(x, y);
}

static void mount_points_and_ports_are_replaced_by_options(void **state) {
        _cleanup_image_manifest_ ImageManifest *m = parse(key_value_store);
        _cleanup_strv_ char **mounts = strv_split("work,path=/opt,readOnly=true:logs,path=/var/log", ':'),
                            **ports = strv_split("query,protocol=tcp,port=8080,count=2", ':'),
                            **bad_mounts = strv_split("work,path=opt", ':'),
                            **bad_ports = strv_split("query,port=x", ':');
        _cleanup_free_ char *mount_error = NULL, *port_error = NULL;
        assert_int_equal(app_set_mount_points(m->app, mounts, NULL), 0);
        assert_int_equal(app_set_ports(m->app, ports, NULL), 0);
        assert_int_equal(app_set_mount_points(m->app, bad_mounts, &mount_error), -EINVAL);
        assert_int_equal(app_set_ports(m->app, bad_ports, &port_error), -EINVAL);
        assert_string_equal(mount_error, "mountPoints[0].path: \"opt\" is not an absolute path");
        assert_string_equal(port_error, "port: expected a number, found \"x\"");
        assert_int_equal(m->app->n_mount_points, 2);
        assert_true(app_find_mount_point(m->app, "work")->read_only);
        assert_string_equal(app_find_mount_point(m->app, "logs")->path, "/var/log");
        assert_int_equal(m->app->n_ports, 1);
        assert_int_equal(app_find_port(m->app, "query")->count, 2);
}

/* Members to put into an otherwise good manifest, or into its app, and what is said about them. */
static const char *const bad_members[][2] = {
        { "\"labels\":{}", "labels: expected an array, found an object" },
        { "\"labels\":[{\"value\":\"x\"}]", "labels[0].name: missing" },
        { "\"labels\":[{\"name\":\"x\"}]", "labels[0].value: missing" },
        { "\"labels\":[{\"name\":\"x\",\"value\":7}]",
                        "labels[0].value: expected a string, found a number" },
        { "\"labels\":[{\"name\":\"X\",\"value\":\"\"}]", "labels[0].name: \"X\" is not an AC identifier" },
        { "\"labels\":[{\"name\":\"name\",\"value\":\"\"}]",
                        "labels[0].name: a label cannot be called \"name\"" },
        { "\"labels\":[{\"name\":\"x\",\"value\":\"1\"},{\"name\":\"x\",\"value\":\"2\"}]",
                        "labels[1]: \"x\" is given twice" },
        { "\"labels\":[{\"name\":\"os\",\"value\":\"hurd\"}]", "labels: unknown operating system \"hurd\"" },
        { "\"labels\":[{\"name\":\"arch\",\"value\":\"m68k\"},{\"name\":\"os\",\"value\":\"linux\"}]",
                        "labels: unknown architecture \"m68k\" for linux" },
        { "\"annotations\":[{\"name\":\"created\",\"value\":\"yesterday\"}]",
                        "annotations[0].value: \"yesterday\" is not" },
        { "\"annotations\":[{\"name\":\"homepage\",\"value\":\"example.com\"}]",
                        "annotations[0].value: \"example.com\"" },
        { "\"annotations\":[{\"name\":\"documentation\",\"value\":\"ftp://x\"}]",
                        "annotations[0].value: \"ftp://x\"" },
        { "\"annotations\":[{\"name\":\"a\",\"value\":\"\"},{\"name\":\"a\",\"value\":\"\"}]",
                        "annotations[1]: \"a\" is given twice" },
        { "\"dependencies\":[{}]", "dependencies[0].imageName: missing" },
        { "\"dependencies\":[{\"imageName\":\"a\",\"imageID\":\"md5-00\"}]",
                        "dependencies[0].imageID: \"md5-00\"" },
        { "\"dependencies\":[{\"imageName\":\"a\",\"size\":-1}]",
                        "dependencies[0].size: -1 is out of range" },
        { "\"dependencies\":[{\"imageName\":\"a\",\"labels\":[{\"name\":\"os\",\"value\":\"x\"}]}]",
                        "dependencies[0].labels: unknown operating system" },
        { "\"pathWhitelist\":[1]", "pathWhitelist[0]: expected a string" },
        { "\"pathWhitelist\":[\"/a\\u0000b\"]", "pathWhitelist[0]: a string with a NUL" },
        { "\"pathWhitelist\":[\"/bin/sh\",\"bin/ls\"]",
                        "pathWhitelist[1]: \"bin/ls\" is not an absolute path" },
        { "\"pathWhitelist\":[\"\"]", "pathWhitelist[0]: \"\" is not an absolute path" },
        { "\"app\":[]", "app: expected an object, found an array" },
        { "\"app\":{}", "app.user: missing" },
};

static const char *const bad_app_members[][2] = {
        { "\"exec\":\"/bin/sh\"", "app.exec: expected an array, found a string" },
        { "\"exec\":[\"/bin/sh\",5]", "app.exec[1]: expected a string, found a number" },
        { "\"user\":\"\"", "app.user: must not be empty" },
        { "\"group\":0", "app.group: expected a string, found a number" },
        { "\"supplementaryGIDs\":[-1]", "app.supplementaryGIDs[0]: -1 is not a group ID" },
        { "\"supplementaryGIDs\":[4294967295]", "app.supplementaryGIDs[0]: 4294967295 is not a group ID" },
        { "\"supplementaryGIDs\":[\"wheel\"]", "app.supplementaryGIDs[0]: expected an integer" },
        { "\"workingDirectory\":\"data\"", "app.workingDirectory: \"data\" is not an absolute path" },
        { "\"eventHandlers\":[{\"name\":\"on-fire\",\"exec\":[\"/x\"]}]",
                        "app.eventHandlers[0].name: unknown event" },
        { "\"eventHandlers\":[{\"name\":\"pre-start\"}]", "app.eventHandlers[0].exec: missing" },
        { "\"eventHandlers\":[{\"name\":\"pre-start\",\"exec\":[]}]",
                        "app.eventHandlers[0].exec: must not be empty" },
        { "\"eventHandlers\":[{\"name\":\"pre-start\",\"exec\":[\"/"
          "x\"]},{\"name\":\"pre-start\",\"exec\":[\"/x\"]}]",
                        "app.eventHandlers[1].name: \"pre-start\" is given twice" },
        { "\"environment\":[{\"name\":\"A B\",\"value\":\"\"}]",
                        "app.environment[0].name: \"A B\" is not a name" },
        { "\"environment\":[{\"name\":\"A\",\"value\":\"\"},{\"name\":\"A\",\"value\":\"\"}]",
                        "app.environment[1]: \"A\" is given twice" },
        { "\"mountPoints\":[{\"path\":\"/x\"}]", "app.mountPoints[0].name: missing" },
        { "\"mountPoints\":[{\"name\":\"x\"}]", "app.mountPoints[0].path: missing" },
        { "\"mountPoints\":[{\"name\":\"x\",\"path\":\"x\"}]",
                        "app.mountPoints[0].path: \"x\" is not an absolute path" },
        { "\"mountPoints\":[{\"name\":\"a.b\",\"path\":\"/x\"}]",
                        "app.mountPoints[0].name: \"a.b\" is not an AC name" },
        { "\"ports\":[{\"name\":\"x\",\"port\":80}]", "app.ports[0].protocol: missing" },
        { "\"ports\":[{\"name\":\"x\",\"protocol\":\"t/p\",\"port\":80}]",
                        "app.ports[0].protocol: \"t/p\" is not" },
        { "\"ports\":[{\"name\":\"x\",\"protocol\":\"tcp\",\"port\":0}]",
                        "app.ports[0].port: 0 is out of range" },
        { "\"ports\":[{\"name\":\"x\",\"protocol\":\"tcp\",\"port\":65536}]",
                        "app.ports[0].port: 65536 is out of range" },
        { "\"ports\":[{\"name\":\"x\",\"protocol\":\"tcp\",\"port\":65000,\"count\":537}]",
                        "app.ports[0].count: 537 ports from 65000" },
        { "\"isolators\":[{\"name\":\"resource/memory\",\"value\":{\"limit\":true}}]",
                        "app.isolators[0].value.limit: expected a string, found a boolean" },
        { "\"userLabels\":{\"a\":1}", "app.userLabels.a: expected a string, found a number" },
        { "\"userAnnotations\":[]", "app.userAnnotations: expected an object, found an array" },
};

static void expect_refusal(const char *text, const char *expected) {
        ImageManifest *m = NULL;
        _cleanup_free_ char *error = NULL;
        if (image_manifest_parse("manifest", text, strlen(text), &m, &error) != -EINVAL)
                fail_msg("accepted: %s", text);
        assert_null(m);
        if (!startswith(error, "manifest:1:") || !strstr(error, expected))
                fail_msg("%s\nsays: %s\nnot:  %s", text, error, expected);
}

static void every_member_is_checked(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(bad_members); i++) {
                _cleanup_free_ char *text = xasprintf(
                                "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"a\",%s}",
                                bad_members[i][0]);
                expect_refusal(text, bad_members[i][1]);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad_app_members); i++) {
                _cleanup_free_ char *text =
                                xasprintf("{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\","
                                          "\"name\":\"a\",\"app\":{\"user\":\"0\",\"group\":\"0\",%s}}",
                                                bad_app_members[i][0]);
                expect_refusal(text, bad_app_members[i][1]);
        }
}

static void kind_version_and_name_are_required(void **state) {
        expect_refusal("[]", "expected an object, found an array");
        expect_refusal("{}", "acKind: missing");
        expect_refusal("{\"acKind\":\"PodManifest\"}",
                        "acKind: expected \"ImageManifest\", found \"PodManifest\"");
        expect_refusal("{\"acKind\":\"ImageManifest\"}", "acVersion: missing");
        expect_refusal("{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.0.0\"}",
                        "acVersion: \"0.0.0\": 0.0.0 is not");
        expect_refusal("{\"acKind\":\"ImageManifest\",\"acVersion\":\"8\"}",
                        "acVersion: \"8\": expected a semantic version");
        expect_refusal("{\"acKind\":\"ImageManifest\",\"acVersion\":\"1.0.0\"}",
                        "is of a later specification");
        expect_refusal("{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\"}", "name: missing");
        expect_refusal("{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"A\"}",
                        "name: \"A\" is not an AC");
        expect_refusal("{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"a\\u0000\"}",
                        "name: a string with");
        expect_refusal("{\"acKind\":\"ImageManifest\",", "unexpected end");
}

static void an_error_says_the_line_and_column(void **state) {
        const char *text = "{\n  \"acKind\": \"ImageManifest\",\n  \"acVersion\": \"0.8.11\",\n  \"name\": "
                           "\"Example\"\n}";
        ImageManifest *m = NULL;
        _cleanup_free_ char *error = NULL;
        assert_int_equal(image_manifest_parse("x/manifest", text, strlen(text), &m, &error), -EINVAL);
        assert_string_equal(error, "x/manifest:4:11: name: \"Example\" is not an AC identifier: "
                                   "expected " AC_IDENTIFIER_FORM);
}

static void a_manifest_without_end_is_not_read(void **state) {
        _cleanup_free_ char *text = xcalloc(APPC_MANIFEST_MAX + 2, 1), *error = NULL;
        memset(text, ' ', APPC_MANIFEST_MAX + 1);
        ImageManifest *m = NULL;
        assert_int_equal(image_manifest_parse("manifest", text, APPC_MANIFEST_MAX + 1, &m, &error), -EFBIG);
        assert_string_equal(error, "manifest: larger than 8388608 bytes, the most that a manifest may have");
}

static void a_missing_file_is_named(void **state) {
        ImageManifest *m = NULL;
        _cleanup_free_ char *error = NULL;
        assert_int_equal(image_manifest_load_at(-100, "/nonexistent/manifest", &m, &error), -ENOENT);
        assert_string_equal(error, "/nonexistent/manifest: No such file or directory");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_full_manifest_is_read_whole),
                cmocka_unit_test(it_is_written_in_the_order_of_the_schema),
                cmocka_unit_test(the_least_manifest_has_a_name_and_nothing_else),
                cmocka_unit_test(an_app_may_have_no_command),
                cmocka_unit_test(mount_points_and_ports_are_replaced_by_options),
                cmocka_unit_test(every_member_is_checked),
                cmocka_unit_test(kind_version_and_name_are_required),
                cmocka_unit_test(an_error_says_the_line_and_column),
                cmocka_unit_test(a_manifest_without_end_is_not_read),
                cmocka_unit_test(a_missing_file_is_named),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
