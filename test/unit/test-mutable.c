/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "app-files.h"
#include "file.h"
#include "info.h"
#include "log.h"
#include "mutable.h"

static char data_dir[] = "/tmp/rkt-test-mutable-XXXXXX";

static const char manifest[] =
                "{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\",\"apps\":["
                "{\"name\":\"a\",\"image\":{\"id\":\"sha512-aa\"}},{\"name\":\"b\",\"image\":{\"id\":"
                "\"sha512-aa\"}}],"
                "\"annotations\":[{\"name\":\"" POD_MUTABLE_ANNOTATION "\",\"value\":\"true\"}]}";

static int make_data_dir(void **state) {
        return mkdtemp(data_dir) ? 0 : -1;
}

static int remove_data_dir(void **state) {
        return remove_tree_at(AT_FDCWD, data_dir, true);
}

static Pod *running_pod(void) {
        Pod *p = NULL;
        assert_int_equal(pod_create(data_dir, &p), 0);
        assert_int_equal(pod_move(p, POD_PLACE_RUN, false), 0);
        assert_int_equal(write_string_at(p->fd, "pod", manifest, 0640), 0);
        assert_int_equal(mkdir_parents_at(p->fd, "stage1/rootfs/rkt/status", 0755), 0);
        return p;
}

static void touch(const Pod *p, const char *name, const char *text) {
        _cleanup_free_ char *path = xasprintf("stage1/rootfs/rkt/status/%s", name);
        assert_int_equal(write_string_at(p->fd, path, text, 0644), 0);
}

/* Of the first app. */
static AppState state_now(const Pod *p) {
        _cleanup_pod_info_ PodInfo info = {};
        _cleanup_free_ char *error = NULL;
        assert_int_equal(pod_info_read(p, POD_INFO_FULL, &info, &error), 0);
        return info.apps[0].state;
}

static void an_app_of_a_sandbox_has_a_state_of_its_own(void **state) {
        _cleanup_pod_ Pod *p = running_pod(), *seen = NULL;
        assert_int_equal(state_now(p), APP_UNKNOWN);
        touch(p, "a-created", "");
        assert_int_equal(state_now(p), APP_CREATED);
        touch(p, "a-started", "");
        assert_int_equal(state_now(p), APP_RUNNING);
        touch(p, "a", "3");
        _cleanup_pod_info_ PodInfo info = {};
        _cleanup_free_ char *error = NULL;
        assert_int_equal(pod_info_read(p, POD_INFO_FULL, &info, &error), 0);
        assert_int_equal(info.apps[0].state, APP_EXITED);
        assert_int_equal(info.apps[0].exit_code, 3);
        assert_true(info.apps[0].finished_at >= info.apps[0].started_at);
        assert_int_equal(info.apps[1].state, APP_UNKNOWN);

        /* with the pod, all have ended */
        touch(p, "b-created", "");
        assert_int_equal(pod_find(data_dir, p->uuid, &seen), 0);
        pod_free(TAKE_PTR(p));
        assert_int_equal(pod_refresh(seen), 0);
        pod_info_done(&info);
        assert_int_equal(pod_info_read(seen, POD_INFO_FULL, &info, &error), 0);
        assert_int_equal(info.apps[1].state, APP_EXITED);
        assert_false(info.apps[1].has_exit_code);
}

static void a_removed_app_leaves_others_of_its_image_alone(void **state) {
        static const char *const of_a[] = { "overlay/t/upper/a/x", "overlay/t/work/a", "appsinfo/a",
                "stage1/rootfs/opt/stage2/a/rootfs", "overlay/u/upper/a", "stage1/rootfs/rkt/env/a" };
        static const char *const of_others[] = { "overlay/t/upper/b/x", "overlay/t/work/b", "appsinfo/b",
                "stage1/rootfs/opt/stage2/ab", "stage1/rootfs/rkt/env/b" };
        _cleanup_pod_ Pod *p = running_pod();
        for (size_t i = 0; i < ELEMENTSOF(of_a); i++)
                assert_int_equal(mkdir_parents_at(p->fd, of_a[i], 0755), 0);
        for (size_t i = 0; i < ELEMENTSOF(of_others); i++)
                assert_int_equal(mkdir_parents_at(p->fd, of_others[i], 0755), 0);
        touch(p, "a-created", "");
        touch(p, "a-created-created", "");
        for (int again = 0; again < 2; again++)
                assert_int_equal(app_files_remove(p, "a"), 0);
        for (size_t i = 0; i < ELEMENTSOF(of_a); i++)
                assert_int_equal(faccessat(p->fd, of_a[i], F_OK, 0), -1);
        for (size_t i = 0; i < ELEMENTSOF(of_others); i++)
                assert_int_equal(faccessat(p->fd, of_others[i], F_OK, 0), 0);
        assert_int_equal(faccessat(p->fd, "overlay/u", F_OK, 0), -1);
        assert_int_equal(faccessat(p->fd, "stage1/rootfs/rkt/status/a-created-created", F_OK, 0), 0);
}

static void a_pod_that_is_not_ready_or_no_sandbox_is_not_changed(void **state) {
        _cleanup_pod_ Pod *p = running_pod();
        assert_int_equal(pod_app_stop(p, "a"), -EAGAIN);
        assert_int_equal(symlinkat("ready", p->fd, "stage1/rootfs/rkt/supervisor-status"), 0);
        assert_int_equal(pod_app_stop(p, "c"), -ENOENT);
        assert_int_equal(pod_app_remove(p, "c"), -ENOENT);
        assert_int_equal(write_string_at(p->fd, "pod",
                                         "{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\",\"apps\":[]}",
                                         0640),
                        0);
        assert_int_equal(pod_app_stop(p, "a"), -EOPNOTSUPP);
        assert_int_equal(pod_app_remove(p, "a"), -EOPNOTSUPP);
}

int main(void) {
        log_init("test");
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_app_of_a_sandbox_has_a_state_of_its_own),
                cmocka_unit_test(a_removed_app_leaves_others_of_its_image_alone),
                cmocka_unit_test(a_pod_that_is_not_ready_or_no_sandbox_is_not_changed),
        };
        return cmocka_run_group_tests(tests, make_data_dir, remove_data_dir);
}
