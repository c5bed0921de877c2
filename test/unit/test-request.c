/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "alloc.h"
#include "generate.h"
#include "request.h"
#include "strv.h"

/* Each case starts from an empty request. */
static int parse_words(char **argv) {
        static const Command command = {
                .name = "run",
                .shared_options = { pod_request_options },
                .app_options = { app_request_options, isolator_request_options },
                .argument = pod_request_argument,
                .app_arguments = true,
        };
        pod_request_clear();
        int r = command_parse(&command, strv_length(argv), argv, NULL);
        return r < 0 ? r : pod_request_check();
}

#define PARSE(...) parse_words((char *[]){ (char *) "run", __VA_ARGS__, NULL })

static void flags_bind_to_the_image_before_them(void **state) {
        assert_int_equal(PARSE("--volume=data,kind=empty", "--mount=volume=data,target=/all", "one",
                                         "--exec=/bin/a", "--mount", "volume=data,target=/own", "--", "--x",
                                         "y", "---", "two", "--name=second"),
                        0);
        assert_int_equal(pod_request.n_apps, 2);
        assert_int_equal(pod_request.n_mounts, 1);
        assert_string_equal(pod_request.apps[0].exec, "/bin/a");
        assert_int_equal(pod_request.apps[0].n_mounts, 1);
        assert_int_equal(strv_length(pod_request.apps[0].arguments), 2);
        assert_string_equal(pod_request.apps[0].arguments[0], "--x");
        assert_null(pod_request.apps[1].arguments);
        assert_string_equal(pod_request.apps[1].name, "second");
}

static void limits_before_the_first_image_are_the_pods(void **state) {
        assert_int_equal(
                        PARSE("--memory=1G", "--pids-limit=9", "--sysctl=net.x=1", "one", "--memory=1M",
                                        "--cpuset-cpus=0", "--cpuset-mems=1", "--ulimit=nofile=1",
                                        "--ulimit=core=0", "--sysctl=net.y=2", "two", "--no-new-privileges"),
                        0);
        const IsolatorList *pod = &pod_request.isolators, *app = &pod_request.apps[0].isolators;
        assert_int_equal(quantity_value(isolators_find(pod, ISOLATOR_MEMORY)->resource.limit), 1000000000);
        assert_int_equal(isolators_find(pod, ISOLATOR_PIDS)->number, 9);
        assert_int_equal(isolators_find(pod, ISOLATOR_SYSCTL)->values.n, 2);
        assert_int_equal(quantity_value(isolators_find(app, ISOLATOR_MEMORY)->resource.limit), 1000000);
        assert_null(isolators_find(app, ISOLATOR_PIDS));
        assert_int_equal(isolators_find(app, ISOLATOR_CPUSET)->values.n, 2);
        assert_int_equal(isolators_find(app, ISOLATOR_RLIMITS)->values.n, 2);
        assert_true(isolators_find(&pod_request.apps[1].isolators, ISOLATOR_NO_NEW_PRIVILEGES)->flag);
        /* what is only of an app must follow one; a pod manifest has its own */
        assert_true(PARSE("--ulimit=nofile=1", "one") < 0);
        assert_true(PARSE("--caps-ambient=CAP_KILL", "one") < 0);
        assert_true(PARSE("--seccomp=mode=retain,read", "one") < 0);
        assert_true(PARSE("--memory=1G", "--pod-manifest=/x") < 0);
}

static void empty_arguments_and_stray_terminators_are_skipped(void **state) {
        assert_int_equal(PARSE("one", "", "---", "two"), 0);
        assert_int_equal(pod_request.n_apps, 2);
}

static void wrong_command_lines_are_refused(void **state) {
        assert_true(PARSE("--pull-policy=new") < 0);                /* no image */
        assert_true(PARSE("--", "x") < 0);                          /* "--" before any image */
        assert_true(PARSE("one", "--", "a", "---", "--", "b") < 0); /* twice */
        assert_true(PARSE("--exec=/bin/a", "one") < 0);             /* app flag first */
        assert_true(PARSE("one", "--exec=/a", "--exec=/b") < 0);
        assert_true(PARSE("--mount=volume=nope,target=/x", "one") < 0); /* dangling */
        assert_true(PARSE("one", "--caps-retain=CAP_KILL", "--caps-remove=CAP_CHOWN") < 0);
        assert_true(PARSE("one", "--memory=4000") < 0);
        assert_true(PARSE("one", "--memory=lots") < 0);
        assert_true(PARSE("one", "--name=Not_A_Name") < 0);
        assert_true(PARSE("--set-env=A=1", "--set-env=A=2", "one") < 0);
        assert_true(PARSE("--set-env=1A=1", "one") < 0);
        assert_true(PARSE("--store-only", "--no-store", "one") < 0);
        assert_true(PARSE("--pod-manifest=/x", "one") < 0);
        assert_true(PARSE("--volume=a,kind=empty", "--volume=a,kind=empty", "one") < 0);
        assert_true(PARSE("one", "--readonly-rootfs=maybe") < 0);
        assert_true(PARSE("one", "--working-dir=relative") < 0);
        assert_true(PARSE("one", "--supplementary-gids=1,x") < 0);
}

static const char image_text[] =
                "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"example.com/my/web\","
                "\"labels\":[{\"name\":\"os\",\"value\":\"linux\"},{\"name\":\"arch\",\"value\":\"amd64\"}],"
                "\"app\":{\"exec\":[\"/bin/"
                "web\",\"-d\"],\"user\":\"www\",\"group\":\"www\",\"environment\":["
                "{\"name\":\"IMAGE\",\"value\":\"image\"},{\"name\":\"FILE\",\"value\":\"image\"},"
                "{\"name\":\"SET\",\"value\":\"image\"},{\"name\":\"APP\",\"value\":\"image\"}]}}";

static PodManifest *generate(size_t n) {
        PodImage *images = xnew(PodImage, n);
        PodManifest *m = NULL;
        char *error = NULL;
        for (size_t i = 0; i < n; i++) {
                images[i].id = xstrdup("sha512-abcdef");
                assert_int_equal(image_manifest_parse("m", image_text, strlen(image_text),
                                                 &images[i].manifest, &error),
                                0);
        }
        if (pod_manifest_generate(&pod_request, images, &m) < 0)
                m = NULL;
        pod_images_free(images, n);
        return m;
}

static void environment_is_merged_in_the_order_of_its_sources(void **state) {
        setenv("CALLER", "caller", 1);
        setenv("IMAGE", "caller", 1);
        assert_int_equal(PARSE("--inherit-env", "--set-env=SET=set", "--set-env=APP=set", "one",
                                         "--environment=APP=app"),
                        0);
        name_values_add(&pod_request.environment_file, "FILE", "file");
        name_values_add(&pod_request.environment_file, "SET", "file");
        _cleanup_pod_manifest_ PodManifest *m = generate(1);
        const NameValueList *e = &m->apps[0].app->environment;
        assert_string_equal(name_values_get(e, "CALLER"), "caller");
        assert_string_equal(name_values_get(e, "IMAGE"), "image");
        assert_string_equal(name_values_get(e, "FILE"), "file");
        assert_string_equal(name_values_get(e, "SET"), "set");
        assert_string_equal(name_values_get(e, "APP"), "app");
}

static void exec_replaces_the_command_and_arguments_follow_it(void **state) {
        assert_int_equal(PARSE("one", "--exec=/bin/other", "--", "x"), 0);
        _cleanup_pod_manifest_ PodManifest *m = generate(1);
        _cleanup_free_ char *joined = strv_join(m->apps[0].app->exec, " ");
        assert_string_equal(joined, "/bin/other x");
        assert_string_equal(m->apps[0].name, "web");
}

static void apps_of_one_name_are_refused(void **state) {
        assert_int_equal(PARSE("one", "two"), 0);
        assert_null(generate(2));
        assert_int_equal(PARSE("one", "two", "--name=other"), 0);
        _cleanup_pod_manifest_ PodManifest *m = generate(2);
        assert_string_equal(m->apps[1].name, "other");
}

static void a_mount_of_the_app_wins_over_one_for_all(void **state) {
        assert_int_equal(PARSE("--volume=a,kind=empty", "--volume=b,kind=empty",
                                         "--mount=volume=a,target=/data", "one",
                                         "--mount=volume=b,target=/data"),
                        0);
        _cleanup_pod_manifest_ PodManifest *m = generate(1);
        assert_int_equal(m->apps[0].n_mounts, 1);
        assert_string_equal(m->apps[0].mounts[0].volume, "b");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(flags_bind_to_the_image_before_them),
                cmocka_unit_test(limits_before_the_first_image_are_the_pods),
                cmocka_unit_test(empty_arguments_and_stray_terminators_are_skipped),
                cmocka_unit_test(wrong_command_lines_are_refused),
                cmocka_unit_test(environment_is_merged_in_the_order_of_its_sources),
                cmocka_unit_test(exec_replaces_the_command_and_arguments_follow_it),
                cmocka_unit_test(apps_of_one_name_are_refused),
                cmocka_unit_test(a_mount_of_the_app_wins_over_one_for_all),
        };
        int failed = cmocka_run_group_tests(tests, NULL, NULL);
        pod_request_clear();
        return failed;
}
