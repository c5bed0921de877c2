/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "file.h"
#include "log.h"
#include "pod.h"

static char data_dir[] = "/tmp/rkt-test-pod-XXXXXX";

static int make_data_dir(void **state) {
        return mkdtemp(data_dir) ? 0 : -1;
}

static int remove_data_dir(void **state) {
        return remove_tree_at(AT_FDCWD, data_dir, true);
}

static void a_pod_goes_through_its_states_by_lock_and_place(void **state) {
        _cleanup_pod_ Pod *ours = NULL, *seen = NULL;
        assert_int_equal(pod_create(data_dir, &ours), 0);
        assert_int_equal(ours->state, POD_PREPARING);
        assert_int_equal(pod_find(data_dir, ours->uuid, &seen), 0);
        assert_int_equal(seen->state, POD_PREPARING);

        assert_int_equal(pod_move(ours, POD_PLACE_RUN, false), 0);
        assert_int_equal(ours->state, POD_RUNNING);
        assert_int_equal(pod_refresh(seen), 0);
        assert_int_equal(seen->state, POD_RUNNING);

        char uuid[UUID_STRING_SIZE];
        memcpy(uuid, ours->uuid, sizeof(uuid));
        pod_free(TAKE_PTR(ours)); /* closes the lock, as a death would */
        assert_int_equal(pod_refresh(seen), 0);
        assert_int_equal(seen->state, POD_EXITED);

        assert_int_equal(pod_lock(seen), 0);
        assert_int_equal(pod_move(seen, POD_PLACE_EXITED_GARBAGE, true), 0);
        assert_int_equal(seen->state, POD_EXITED_DELETING);
        assert_int_equal(pod_delete(seen), 0);
        assert_int_equal(pod_refresh(seen), -ENOENT);
}

static void a_pod_in_use_cannot_be_locked(void **state) {
        _cleanup_pod_ Pod *ours = NULL, *other = NULL;
        assert_int_equal(pod_create(data_dir, &ours), 0);
        assert_int_equal(pod_find(data_dir, ours->uuid, &other), 0);
        assert_int_equal(pod_lock(other), -EWOULDBLOCK);
        assert_int_equal(pod_move(ours, POD_PLACE_GARBAGE, false), 0);
        assert_int_equal(pod_delete(ours), 0);
}

static void a_uuid_prefix_names_a_pod_only_if_it_is_unambiguous(void **state) {
        _cleanup_pod_ Pod *p = NULL;
        const char *const uuids[] = { "aaaa1111-0000-4000-8000-000000000000",
                "AAAA2222-0000-4000-8000-000000000000" };
        for (size_t i = 0; i < ELEMENTSOF(uuids); i++) {
                _cleanup_free_ char *path = xasprintf("%s/pods/run/%s", data_dir, uuids[i]);
                assert_int_equal(mkdir_parents_at(AT_FDCWD, path, 0750), 0);
        }
        assert_int_equal(pod_find(data_dir, "aaaa", &p), -ENOTUNIQ);
        assert_int_equal(pod_find(data_dir, "aaaa2", &p), 0);
        assert_string_equal(p->uuid, uuids[1]);
        pod_free(TAKE_PTR(p));
        assert_int_equal(pod_find(data_dir, "bbbb", &p), -ENOENT);
        assert_int_equal(pod_find(data_dir, "", &p), -EINVAL);
}

static void deleting_a_pod_never_follows_links_out_of_it(void **state) {
        _cleanup_pod_ Pod *p = NULL;
        _cleanup_free_ char *precious = xasprintf("%s/precious", data_dir);
        _cleanup_free_ char *file = xasprintf("%s/file", precious);
        assert_int_equal(mkdir_parents_at(AT_FDCWD, precious, 0755), 0);
        assert_int_equal(write_string_at(AT_FDCWD, file, "keep", 0644), 0);
        assert_int_equal(pod_create(data_dir, &p), 0);
        assert_int_equal(symlinkat(precious, p->fd, "overlay"), 0);
        assert_int_equal(symlinkat("../../../precious", p->fd, "link"), 0);
        assert_int_equal(pod_move(p, POD_PLACE_GARBAGE, false), 0);
        assert_int_equal(pod_delete(p), 0);
        assert_int_equal(access(file, F_OK), 0);
}

int main(void) {
        log_init("test");
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_pod_goes_through_its_states_by_lock_and_place),
                cmocka_unit_test(a_pod_in_use_cannot_be_locked),
                cmocka_unit_test(a_uuid_prefix_names_a_pod_only_if_it_is_unambiguous),
                cmocka_unit_test(deleting_a_pod_never_follows_links_out_of_it),
        };
        return cmocka_run_group_tests(tests, make_data_dir, remove_data_dir);
}
