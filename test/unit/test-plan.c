/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/stat.h>

#include "alloc.h"
#include "capabilities.h"
#include "file.h"
#include "filter-cache.h"
#include "plan-compile.h"
#include "strv.h"

/* A prepared pod without overlay, and its manifest compiled. */
typedef struct Fixture {
        char directory[64];
        int fd;
} Fixture;

static int set_up(void **state) {
        Fixture *f = xnew(Fixture, 1);
        snprintf(f->directory, sizeof(f->directory), "/tmp/test-plan-XXXXXX");
        assert_non_null(mkdtemp(f->directory));
        f->fd = open(f->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *state = f;
        return 0;
}

static int tear_down(void **state) {
        Fixture *f = *state;
        close(f->fd);
        remove_tree_at(AT_FDCWD, f->directory, true);
        free(f);
        return 0;
}

static int compile_with(Fixture *f, const PlanRequest *q, const char *app, const char *volumes, Plan **ret) {
        _cleanup_pod_manifest_ PodManifest *m = NULL;
        _cleanup_free_ char *error = NULL;
        _cleanup_free_ char *text =
                        xasprintf("{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\",\"volumes\":[%s],"
                                  "\"apps\":[{\"name\":\"one\",\"image\":{\"id\":\"sha512-abcdef\"},%s}]}",
                                        volumes, app);
        if (pod_manifest_parse("pod", text, strlen(text), &m, &error) < 0)
                fail_msg("%s", error);
        return plan_compile(q, m, f->fd, ret);
}

static const PlanRequest request = {
        .uuid = "6733c088-a507-4694-aabf-117fd0d06fc2",
        .hostname = "rkt-test",
        .private_ipc = true,
};

static Plan *compile(Fixture *f, const char *app, const char *volumes) {
        Plan *p = NULL;
        assert_int_equal(compile_with(f, &request, app, volumes, &p), 0);
        return p;
}

#define APP(more) "\"app\":{\"exec\":[\"/bin/a\",\"b c\"],\"user\":\"0\",\"group\":\"0\"" more "}"

static void an_app_that_says_nothing_gets_the_defaults(void **state) {
        _cleanup_plan_ Plan *p = compile(*state, APP(""), "");
        const PlanApp *a = plan_find_app(p, "one");
        assert_non_null(a);
        assert_null(plan_find_app(p, "two"));
        assert_int_equal(a->root.kind, PLAN_ROOT_DIRECTORY);
        assert_string_equal(a->root.path, "stage1/rootfs/opt/stage2/one/rootfs");
        assert_string_equal(a->working_directory, "/");
        assert_true(a->capabilities == UINT64_C(0xa80425fb)); /* the 14 of rkt and Docker */
        assert_string_equal(a->seccomp, PLAN_SECCOMP_DEFAULT);
        assert_false(a->no_new_privileges);
        assert_int_equal(a->life.stop_signal, 15);
        assert_int_equal(a->life.stop_timeout_ms, 10000);
        assert_true(strv_contains(a->environment, "AC_APP_NAME=one"));
        assert_true(strv_contains(a->environment, "container=rkt"));
        assert_true(strv_contains(a->environment,
                        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
        assert_true(strv_contains(a->masked_paths, "/proc/kcore"));
        assert_int_equal(a->limits.n, 0);
}

static void the_manifests_environment_wins_over_the_defaults_but_not_over_the_apps_name(void **state) {
        _cleanup_plan_ Plan *p = compile(*state,
                        APP(",\"environment\":[{\"name\":\"PATH\",\"value\":\"/"
                            "x\"},{\"name\":\"AC_APP_NAME\",\"value\":\"y\"}]"),
                        "");
        assert_true(strv_contains(p->apps[0].environment, "PATH=/x"));
        assert_true(strv_contains(p->apps[0].environment, "AC_APP_NAME=one"));
}

static void the_overlay_is_that_of_the_recorded_tree(void **state) {
        Fixture *f = *state;
        mkdir_parents_at(f->fd, "appsinfo/one", 0755);
        write_string_at(f->fd, "appsinfo/one/treeStoreID", "deps-sha512-1", 0644);
        write_string_at(f->fd, "overlay-prepared", "", 0644);
        _cleanup_plan_ Plan *p = compile(f, APP(""), "");
        assert_int_equal(p->apps[0].root.kind, PLAN_ROOT_OVERLAY);
        assert_string_equal(p->apps[0].root.lower[0], "../../../cas/tree/deps-sha512-1/rootfs");
        assert_string_equal(p->apps[0].root.upper, "overlay/deps-sha512-1/upper/one");
}

#define ISOLATORS(list) APP(",\"isolators\":[" list "]")

static void isolators_set_limits_and_capabilities(void **state) {
        _cleanup_plan_ Plan *p = compile(*state,
                        ISOLATORS("{\"name\":\"resource/"
                                  "memory\",\"value\":{\"request\":\"1G\",\"limit\":\"1G\"}},"
                                  "{\"name\":\"resource/"
                                  "cpu\",\"value\":{\"request\":\"250m\",\"limit\":\"500m\"}},"
                                  "{\"name\":\"os/linux/cpu-shares\",\"value\":1024},"
                                  "{\"name\":\"os/linux/oom-score-adj\",\"value\":-7},"
                                  "{\"name\":\"os/linux/no-new-privileges\",\"value\":true},"
                                  "{\"name\":\"os/linux/"
                                  "capabilities-remove-set\",\"value\":{\"set\":[\"CAP_KILL\"]}}"),
                        "");
        const PlanApp *a = &p->apps[0];
        assert_string_equal(plan_limits_find(&a->limits, "memory.max")->value, "1000000000");
        assert_string_equal(plan_limits_find(&a->limits, "cpu.max")->value, "50000 100000");
        assert_string_equal(plan_limits_find(&a->limits, "cpu.weight")->value, "39");
        assert_true(a->has_oom_score_adj && a->oom_score_adj == -7);
        assert_true(a->no_new_privileges);
        assert_true(a->capabilities == (capabilities_default & ~(UINT64_C(1) << 5)));
        assert_int_equal(a->limits.n, 3);
}

static void a_retain_set_is_exactly_the_bounding_set(void **state) {
        _cleanup_plan_ Plan *p = compile(*state,
                        ISOLATORS("{\"name\":\"os/linux/"
                                  "capabilities-retain-set\",\"value\":{\"set\":[\"CAP_SYS_ADMIN\"]}}"),
                        "");
        assert_true(p->apps[0].capabilities == UINT64_C(1) << 21);
}

#define SECCOMP(mode, value)                                                                                \
        ISOLATORS("{\"name\":\"os/linux/seccomp-" mode "-set\",\"value\":{\"set\":[" value "]}}")

static void wildcards_that_come_down_to_the_default_or_to_nothing_take_no_compiler(void **state) {
        Plan *p = compile(*state, SECCOMP("retain", "\"read\",\"@appc.io/all\""), "");
        assert_null(p->apps[0].seccomp);
        plan_free(p);
        p = compile(*state, SECCOMP("remove", "\"@appc.io/empty\""), "");
        assert_string_equal(p->apps[0].seccomp, PLAN_SECCOMP_DEFAULT);
        assert_true(p->apps[0].filter.n > 100);
        plan_free(p);
        assert_int_equal(compile_with(*state, &request, SECCOMP("remove", "\"@appc.io/all\""), "", &p),
                        -EINVAL);
}

static void a_filter_comes_from_the_cache_and_there_is_no_plan_without_it(void **state) {
        Fixture *f = *state;
        _cleanup_free_ char *cache = xasprintf("%s/seccomp", f->directory);
        char call[] = "read", *names[] = { call, NULL };
        _cleanup_free_ char *source = filter_source(true, NULL, names), *name = filter_cache_name(source);
        SyscallFilter filter;
        PlanRequest q = request;
        Plan *p = NULL;
        syscall_filter_default(&filter);
        assert_true(compile_with(f, &q, SECCOMP("retain", "\"read\""), "", &p) < 0);
        mkdirat(f->fd, "seccomp", 0755);
        _cleanup_close_ int fd = openat(f->fd, "seccomp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(filter_cache_store(fd, source, &filter), 0);
        q.seccomp_cache = cache;
        assert_int_equal(compile_with(f, &q, SECCOMP("retain", "\"read\""), "", &p), 0);
        assert_string_equal(p->apps[0].seccomp, name);
        assert_int_equal(p->apps[0].filter.n, filter.n);
        plan_free(p);
}

static int compile_pod(Fixture *f, const PlanRequest *q, const char *isolators, Plan **ret) {
        _cleanup_pod_manifest_ PodManifest *m = NULL;
        _cleanup_free_ char *error = NULL,
                            *text = xasprintf("{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\","
                                              "\"isolators\":[%s],\"apps\":[{\"name\":\"one\",\"image\":"
                                              "{\"id\":\"sha512-abcdef\"}," APP("") "}]}",
                                            isolators);
        if (pod_manifest_parse("pod", text, strlen(text), &m, &error) < 0)
                fail_msg("%s", error);
        return plan_compile(q, m, f->fd, ret);
}

#define SYSCTL(name) "{\"name\":\"os/unix/sysctl\",\"value\":{\"" name "\":\"1\"}}"

static void a_pod_may_set_parameters_of_its_own_namespaces_only(void **state) {
        Plan *p = NULL;
        PlanRequest q = request;
        q.net = PLAN_NET_NONE;
        assert_int_equal(compile_pod(*state, &q, SYSCTL("net.ipv4.conf.eth0/1.forwarding"), &p), 0);
        assert_string_equal(p->sysctl[0], "net/ipv4/conf/eth0.1/forwarding=1");
        plan_free(p);
        assert_int_equal(compile_pod(*state, &q, SYSCTL("kernel/shmmax"), &p), 0);
        plan_free(p);
        assert_int_equal(compile_pod(*state, &q, SYSCTL("kernel.core_pattern"), &p), -EPERM);
        assert_int_equal(compile_pod(*state, &q, SYSCTL("vm.swappiness"), &p), -EPERM);
        assert_int_equal(compile_pod(*state, &q, SYSCTL("netx"), &p), -EPERM);
        q.net = PLAN_NET_HOST;
        assert_int_equal(compile_pod(*state, &q, SYSCTL("net.ipv4.ip_forward"), &p), -EPERM);
        q.private_ipc = false;
        assert_int_equal(compile_pod(*state, &q, SYSCTL("kernel.sem"), &p), -EPERM);
}

static void limits_of_the_pod_are_in_the_plan_and_come_back_from_its_json(void **state) {
        Plan *p = NULL, *again = NULL;
        assert_int_equal(compile_pod(*state, &request,
                                         "{\"name\":\"coreos.com/rkt/pids-max\",\"value\":7},"
                                         "{\"name\":\"resource/cpu\",\"value\":{\"limit\":\"1500m\"}}",
                                         &p),
                        0);
        assert_string_equal(plan_limits_find(&p->limits, "pids.max")->value, "7");
        assert_string_equal(plan_limits_find(&p->limits, "cpu.max")->isolator, "resource/cpu");
        _cleanup_json_ json_object *o = plan_to_json(p);
        _cleanup_free_ char *text = json_to_text(o, false), *error = NULL;
        assert_int_equal(plan_parse("plan", text, strlen(text), &again, &error), 0);
        assert_int_equal(again->limits.n, 2);
        assert_string_equal(plan_limits_find(&again->limits, "cpu.max")->value, "150000 100000");
        plan_free(p);
        plan_free(again);
}

static void rlimits_and_ambient_capabilities_are_checked_and_come_back(void **state) {
        Plan *p = compile(*state,
                             ISOLATORS("{\"name\":\"coreos.com/rkt/"
                                       "rlimits\",\"value\":{\"nofile\":\"5:unlimited\"}},"
                                       "{\"name\":\"coreos.com/rkt/"
                                       "capabilities-ambient-set\",\"value\":{\"set\":[\"CAP_KILL\"]}}"),
                             ""),
             *again = NULL, *none = NULL;
        _cleanup_json_ json_object *o = plan_to_json(p);
        _cleanup_free_ char *text = json_to_text(o, false), *error = NULL;
        assert_int_equal(plan_parse("plan", text, strlen(text), &again, &error), 0);
        assert_int_equal(again->apps[0].n_rlimits, 1);
        assert_true(again->apps[0].rlimits[0].soft == 5 && again->apps[0].rlimits[0].hard == UINT64_MAX);
        assert_true(again->apps[0].ambient == UINT64_C(1) << 5);
        plan_free(p);
        plan_free(again);
        static const char *const wrong[] = {
                ISOLATORS("{\"name\":\"coreos.com/rkt/rlimits\",\"value\":{\"files\":\"5\"}}"),
                ISOLATORS("{\"name\":\"coreos.com/rkt/rlimits\",\"value\":{\"nofile\":\"6:5\"}}"),
                ISOLATORS("{\"name\":\"coreos.com/rkt/"
                          "capabilities-ambient-set\",\"value\":{\"set\":[\"CAP_SYS_ADMIN\"]}}"),
        };
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_int_equal(compile_with(*state, &request, wrong[i], "", &none), -EINVAL);
}

static void insecure_options_take_away_what_they_name(void **state) {
        PlanRequest q = request;
        q.all_capabilities = q.all_paths = q.no_seccomp = true;
        Plan *p = NULL;
        assert_int_equal(compile_with(*state, &q, APP(""), "", &p), 0);
        assert_true(p->apps[0].capabilities == capabilities_all());
        assert_null(p->apps[0].seccomp);
        assert_null(p->apps[0].masked_paths);
        plan_free(p);
}

#define POINTS                                                                                              \
        ",\"mountPoints\":[{\"name\":\"data\",\"path\":\"/srv/data\"},{\"name\":\"conf\",\"path\":\"/etc/"  \
        "conf\",\"readOnly\":true},"                                                                        \
        "{\"name\":\"own\",\"path\":\"/own\"}]"

static void mount_points_meet_volumes_by_name_or_get_one_of_their_own(void **state) {
        _cleanup_plan_ Plan *p =
                        compile(*state, APP(POINTS) ",\"mounts\":[{\"volume\":\"data\",\"path\":\"/srv\"}]",
                                        "{\"name\":\"data\",\"kind\":\"host\",\"source\":\"/"
                                        "host\",\"readOnly\":false,\"recursive\":false},"
                                        "{\"name\":\"conf\",\"kind\":\"host\",\"source\":\"/conf\"}");
        const PlanApp *a = &p->apps[0];
        assert_int_equal(a->n_mounts, 4);
        assert_string_equal(a->mounts[0].target, "/srv/data");
        assert_string_equal(a->mounts[0].source, "/host");
        assert_false(a->mounts[0].read_only || a->mounts[0].recursive);
        assert_string_equal(a->mounts[1].target, "/etc/conf");
        assert_true(a->mounts[1].read_only && a->mounts[1].recursive);
        assert_string_equal(a->mounts[2].target, "/own");
        assert_string_equal(a->mounts[2].source, "sharedVolumes/one-own");
        assert_string_equal(a->mounts[3].target, "/srv");
        assert_int_equal(p->n_volumes, 1);
        assert_string_equal(p->volumes[0].path, "sharedVolumes/one-own");
        assert_int_equal(p->volumes[0].mode, 0755);
}

static void an_empty_volume_has_its_mode_and_owner_and_is_made_once(void **state) {
        _cleanup_plan_ Plan *p = compile(*state,
                        APP("") ",\"mounts\":[{\"volume\":\"v\",\"path\":\"/"
                                "a\"},{\"volume\":\"v\",\"path\":\"/b\"}]",
                        "{\"name\":\"v\",\"kind\":\"empty\",\"mode\":\"1777\",\"uid\":5,\"gid\":6}");
        assert_int_equal(p->n_volumes, 1);
        assert_int_equal(p->volumes[0].mode, 01777);
        assert_int_equal(p->volumes[0].uid, 5);
        assert_int_equal(p->volumes[0].gid, 6);
}

static void a_place_is_for_one_volume_and_not_the_root(void **state) {
#define HOST(name)        "{\"name\":\"" name "\",\"kind\":\"host\",\"source\":\"/" name "\"}"
#define MOUNT(name, path) "{\"volume\":\"" name "\",\"path\":\"" path "\"}"
#define TWO               HOST("v") "," HOST("w")
        Plan *p = NULL;
        assert_int_equal(compile_with(*state, &request,
                                         APP("") ",\"mounts\":[" MOUNT("v", "/a") "," MOUNT(
                                                         "w", "//a/./") "]",
                                         TWO, &p),
                        -EEXIST);
        assert_int_equal(compile_with(*state, &request, APP("") ",\"mounts\":[" MOUNT("v", "/.") "]", TWO,
                                         &p),
                        -EINVAL);
        p = compile(*state, APP("") ",\"mounts\":[" MOUNT("v", "/a//b/") "," MOUNT("v", "/a/b") "]", TWO);
        assert_int_equal(p->apps[0].n_mounts, 1);
        assert_string_equal(p->apps[0].mounts[0].target, "/a/b");
        assert_true(plan_app_has_volume_over(&p->apps[0], "/a/b/c"));
        assert_true(plan_app_has_volume_over(&p->apps[0], "/a/b"));
        assert_false(plan_app_has_volume_over(&p->apps[0], "/a/bc"));
        assert_false(plan_app_has_volume_over(&p->apps[0], "/a"));
        plan_free(p);
}

#define IO(name, value) "{\"name\":\"coreos.com/rkt/stage2/" name "\",\"value\":\"" value "\"}"

static void where_input_and_output_lead_is_kept_in_the_plan(void **state) {
        _cleanup_plan_ Plan *p = compile(*state,
                        APP("") ",\"annotations\":[" IO("stdin", "tty") "," IO("stderr", "null") "]", "");
        _cleanup_plan_ Plan *again = NULL;
        _cleanup_json_ json_object *json = plan_to_json(p);
        _cleanup_free_ char *text = json_to_text(json, false), *error = NULL;
        assert_true(strv_contains(p->apps[0].environment, "TERM=xterm"));
        assert_int_equal(plan_parse("plan", text, strlen(text), &again, &error), 0);
        assert_int_equal(again->apps[0].io.modes[0], APP_IO_TTY);
        assert_int_equal(again->apps[0].io.modes[1], APP_IO_LOG);
        assert_int_equal(again->apps[0].io.modes[2], APP_IO_NULL);
        Plan *bad = NULL;
        assert_int_equal(compile_with(*state, &request,
                                         APP("") ",\"annotations\":[{\"name\":\"" APP_LOG_PATH_ANNOTATION
                                                 "\",\"value\":\"a.log\"}]",
                                         "", &bad),
                        -EINVAL);
        PlanRequest interactive = request;
        interactive.interactive = true;
        assert_int_equal(compile_with(*state, &interactive,
                                         APP("") ",\"annotations\":[" IO("stdout", "stream") "]", "", &bad),
                        -EINVAL);
}

static void stop_annotations_set_signal_and_patience(void **state) {
        _cleanup_plan_ Plan *p = compile(*state,
                        APP("") ",\"annotations\":[{\"name\":\"coreos.com/rkt/stage2/"
                                "stop-signal\",\"value\":\"SIGQUIT\"},"
                                "{\"name\":\"coreos.com/rkt/stage2/stop-timeout\",\"value\":\"1m\"}]",
                        "");
        assert_int_equal(p->apps[0].life.stop_signal, 3);
        assert_int_equal(p->apps[0].life.stop_timeout_ms, 60000);
        Plan *bad = NULL;
        assert_int_equal(compile_with(*state, &request,
                                         APP("") ",\"annotations\":[{\"name\":\"coreos.com/rkt/stage2/"
                                                 "stop-signal\",\"value\":\"NO\"}]",
                                         "", &bad),
                        -EINVAL);
}

static void a_health_check_is_in_the_plan_and_comes_back(void **state) {
        static const char with[] =
                        APP("") ",\"annotations\":[{\"name\":\"coreos.com/rkt/stage2/"
                                "health-cmd\",\"value\":\"a b\"},"
                                "{\"name\":\"coreos.com/rkt/stage2/health-on-failure\",\"value\":"
                                "\"kill\"},{\"name\":\"appc.io/executor/supports-systemd-notify\","
                                "\"value\":\"healthy\"}]";
        _cleanup_plan_ Plan *p = compile(*state, with, ""), *again = NULL;
        _cleanup_json_ json_object *o = plan_to_json(p);
        _cleanup_free_ char *text = json_to_text(o, false), *error = NULL;
        assert_int_equal(plan_parse("P", text, strlen(text), &again, &error), 0);
        const AppHealth *h = &again->apps[0].life.health;
        assert_string_equal(h->command[2], "a b");
        assert_int_equal(h->interval_ms, 30000);
        assert_int_equal(h->retries, 3);
        assert_int_equal(h->on_failure, HEALTH_ACTION_KILL);
        assert_true(again->apps[0].life.ready_if_healthy);
        Plan *bad = NULL;
        assert_int_equal(compile_with(*state, &request,
                                         APP("") ",\"annotations\":[{\"name\":\"coreos.com/rkt/stage2/"
                                                 "health-retries\",\"value\":\"2\"}]",
                                         "", &bad),
                        -EINVAL);
}

static void a_plan_read_back_is_the_same(void **state) {
        _cleanup_plan_ Plan *p = compile(*state,
                        APP(POINTS ",\"supplementaryGIDs\":[1,2],\"workingDirectory\":\"/"
                                   "w\",\"eventHandlers\":["
                                   "{\"name\":\"pre-start\",\"exec\":[\"/"
                                   "p\"]},{\"name\":\"post-stop\",\"exec\":[\"/q\",\"r\"]}],"
                                   "\"isolators\":[{\"name\":\"os/linux/"
                                   "oom-score-adj\",\"value\":0},"
                                   "{\"name\":\"resource/"
                                   "memory\",\"value\":{\"limit\":\"64Mi\"}}]") ",\"readOnlyRoot"
                                                                                "FS\":true",
                        "{\"name\":\"data\",\"kind\":\"empty\",\"mode\":\"0700\",\"uid\":7,\"gid\":8}");
        json_object *first = plan_to_json(p);
        _cleanup_free_ char *text = json_to_text(first, false), *error = NULL;
        json_object_put(first);

        _cleanup_plan_ Plan *again = NULL;
        if (plan_parse("plan", text, strlen(text), &again, &error) < 0)
                fail_msg("%s", error);
        json_object *second = plan_to_json(again);
        _cleanup_free_ char *text_again = json_to_text(second, false);
        json_object_put(second);
        assert_string_equal(text, text_again);
        assert_true(again->apps[0].root.read_only);
        assert_true(again->apps[0].has_oom_score_adj);
        assert_int_equal(again->apps[0].n_gids, 2);
}

static void an_app_that_a_running_pod_gets_has_a_plan_of_its_own(void **state) {
        static const char text[] =
                        "{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\",\"apps\":["
                        "{\"name\":\"one\",\"image\":{\"id\":\"sha512-aa\"}," APP(
                                        "") "},"
                                            "{\"name\":\"two\",\"image\":{\"id\":\"sha512-bb\"}," APP(
                                                            "") "}]}";
        const Fixture *f = *state;
        PlanRequest q = request;
        _cleanup_pod_manifest_ PodManifest *m = NULL;
        _cleanup_plan_ Plan *p = NULL, *again = NULL;
        _cleanup_free_ char *error = NULL;
        assert_int_equal(pod_manifest_parse("pod", text, strlen(text), &m, &error), 0);
        q.mutable = true;
        q.selinux_context = "u:r:t:s0";
        assert_int_equal(plan_compile_app(&q, m, "three", f->fd, &p), -ENOENT);
        assert_int_equal(plan_compile_app(&q, m, "two", f->fd, &p), 0);
        assert_int_equal(p->n_apps, 1);
        assert_string_equal(p->apps[0].name, "two");
        /* it may get apps with limits later */
        assert_true(plan_has_limits(p));

        _cleanup_json_ json_object *json = plan_to_json(p);
        _cleanup_free_ char *written = json_to_text(json, false);
        if (plan_parse("plan", written, strlen(written), &again, &error) < 0)
                fail_msg("%s", error);
        assert_true(again->mutable);
        assert_string_equal(again->selinux_context, "u:r:t:s0");

        q.interactive = true;
        assert_int_equal(plan_compile(&q, m, f->fd, &p), -EINVAL);
}

static void a_plan_that_is_not_one_is_refused_with_its_place(void **state) {
        _cleanup_plan_ Plan *p = compile(*state, APP(""), "");
        static const struct {
                const char *path[3];
                const char *value, *error;
        } changes[] = {
                { { "version" }, "2", "version" },
                { { "net" }, "\"bridge\"", "\"bridge\" is not known" },
                { { "apps", "exec" }, "7", "apps[0].exec: expected an array" },
                { { "apps", "workingDirectory" }, "\"x\"", "expected an absolute path" },
                { { "apps", "capabilities" }, "[\"CAP_NONE\"]", "\"CAP_NONE\" is not known" },
                { { "apps", "stopSignal" }, "0", "out of range" },
                { { "apps", "root" }, "{\"kind\":\"overlay\"}", "lower: missing" },
        };
        for (size_t i = 0; i < ELEMENTSOF(changes); i++) {
                json_object *o = plan_to_json(p), *target = o;
                if (changes[i].path[1]) {
                        json_object_object_get_ex(o, "apps", &target);
                        target = json_object_array_get_idx(target, 0);
                }
                json_object_object_add(target, changes[i].path[1] ?: changes[i].path[0],
                                json_tokener_parse(changes[i].value));
                _cleanup_free_ char *text = json_to_text(o, false), *error = NULL;
                json_object_put(o);
                Plan *bad = NULL;
                assert_int_equal(plan_parse("plan", text, strlen(text), &bad, &error), -EINVAL);
                if (!strstr(error, changes[i].error))
                        fail_msg("%s does not hold %s", error, changes[i].error);
        }
}

/* That of a pod which boots, with this app and these members behind. */
static int compile_init(Fixture *f, const char *app, const char *more, const char *value, Plan **ret) {
        _cleanup_pod_manifest_ PodManifest *m = NULL;
        _cleanup_free_ char *error = NULL,
                            *text = xasprintf("{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\","
                                              "\"apps\":[{\"name\":\"one\","
                                              "\"image\":{\"id\":\"sha512-abcdef\"},%s}%s],\"annotations\":["
                                              "{\"name\":"
                                              "\"coreos.com/rkt/stage1/init\",\"value\":\"%s\"}]}",
                                            app, more, value);
        PlanRequest q = request;
        q.no_seccomp = true; /* it would be compiled */
        if (pod_manifest_parse("pod", text, strlen(text), &m, &error) < 0)
                fail_msg("%s", error);
        return plan_compile(&q, m, f->fd, ret);
}

static void the_init_of_an_image_has_what_a_manager_may_and_its_limits_are_the_pods(void **state) {
        _cleanup_plan_ Plan *p = NULL, *again = NULL;
        _cleanup_free_ char *error = NULL;
        assert_int_equal(compile_init(*state,
                                         APP(",\"isolators\":[{\"name\":\"resource/memory\",\"value\":"
                                             "{\"limit\":\"1Mi\"}},{\"name\":\"os/linux/"
                                             "capabilities-remove-set\",\"value\":{\"set\":[\"CAP_MKNOD\"]}}"
                                             "]"),
                                         "", "systemd", &p),
                        0);
        const PlanApp *a = &p->apps[0];
        assert_true(p->own_init);
        assert_int_equal(a->life.stop_signal, SIGRTMIN + 3);
        assert_true(a->capabilities == (capabilities_of_manager(false) & ~(UINT64_C(1) << CAP_MKNOD)));
        assert_int_equal(a->limits.n, 0);
        assert_string_equal(plan_limits_find(&p->limits, "memory.max")->value, "1048576");
        _cleanup_json_ json_object *json = plan_to_json(p);
        _cleanup_free_ char *text = json_to_text(json, false);
        assert_int_equal(plan_parse("plan", text, strlen(text), &again, &error), 0);
        assert_true(again->own_init);
}

static void what_an_init_of_an_image_cannot_have_is_refused(void **state) {
        static const char *const refused[] = {
                "\"app\":{\"exec\":[\"/a\"],\"user\":\"1\",\"group\":\"0\"}",
                APP(",\"isolators\":[{\"name\":\"os/linux/no-new-privileges\",\"value\":true}]"),
                APP(",\"eventHandlers\":[{\"name\":\"pre-start\",\"exec\":[\"/a\"]}]"),
                APP("") ",\"annotations\":[{\"name\":\"coreos.com/rkt/stage2/"
                        "restart\",\"value\":\"always\"}]",
        };
        Plan *p = NULL;
        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                assert_int_equal(compile_init(*state, refused[i], "", "systemd", &p), -EOPNOTSUPP);
        assert_int_equal(compile_init(*state, APP(""),
                                         ",{\"name\":\"two\",\"image\":{\"id\":\"sha512-ab\"}," APP("") "}",
                                         "systemd", &p),
                        -EOPNOTSUPP);
        assert_int_equal(compile_init(*state, APP(""), "", "upstart", &p), -EINVAL);
}

static void a_stop_signal_that_is_given_is_the_inits(void **state) {
        _cleanup_plan_ Plan *p = NULL;
        assert_int_equal(compile_init(*state,
                                         APP("") ",\"annotations\":[{\"name\":\"coreos.com/rkt/stage2/"
                                                 "stop-signal\",\"value\":\"SIGUSR2\"}]",
                                         "", "systemd", &p),
                        0);
        assert_int_equal(p->apps[0].life.stop_signal, SIGUSR2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                                an_app_that_says_nothing_gets_the_defaults, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                the_manifests_environment_wins_over_the_defaults_but_not_over_the_apps_name,
                                set_up, tear_down),
                cmocka_unit_test_setup_teardown(the_overlay_is_that_of_the_recorded_tree, set_up, tear_down),
                cmocka_unit_test_setup_teardown(isolators_set_limits_and_capabilities, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_retain_set_is_exactly_the_bounding_set, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                wildcards_that_come_down_to_the_default_or_to_nothing_take_no_compiler,
                                set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                a_filter_comes_from_the_cache_and_there_is_no_plan_without_it, set_up,
                                tear_down),
                cmocka_unit_test_setup_teardown(
                                a_pod_may_set_parameters_of_its_own_namespaces_only, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                limits_of_the_pod_are_in_the_plan_and_come_back_from_its_json, set_up,
                                tear_down),
                cmocka_unit_test_setup_teardown(rlimits_and_ambient_capabilities_are_checked_and_come_back,
                                set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                insecure_options_take_away_what_they_name, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                a_place_is_for_one_volume_and_not_the_root, set_up, tear_down),
                cmocka_unit_test_setup_teardown(mount_points_meet_volumes_by_name_or_get_one_of_their_own,
                                set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                an_empty_volume_has_its_mode_and_owner_and_is_made_once, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                a_health_check_is_in_the_plan_and_comes_back, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                where_input_and_output_lead_is_kept_in_the_plan, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                the_init_of_an_image_has_what_a_manager_may_and_its_limits_are_the_pods,
                                set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                what_an_init_of_an_image_cannot_have_is_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_stop_signal_that_is_given_is_the_inits, set_up, tear_down),
                cmocka_unit_test_setup_teardown(stop_annotations_set_signal_and_patience, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_plan_read_back_is_the_same, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                an_app_that_a_running_pod_gets_has_a_plan_of_its_own, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                a_plan_that_is_not_one_is_refused_with_its_place, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
