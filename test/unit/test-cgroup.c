/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <sys/wait.h>

#include "cgroup.h"

static void a_process_is_in_a_cgroup(void **state) {
        _cleanup_free_ char *own = NULL, *same = NULL;
        int r = cgroup_of_process(0, &own);
        if (r == -ENODATA)
                skip();
        assert_int_equal(r, 0);
        assert_int_equal(own[0], '/');
        assert_int_equal(cgroup_of_process(getpid(), &same), 0);
        assert_string_equal(own, same);
}

static void there_is_no_cgroup_of_a_process_that_is_gone(void **state) {
        char *path = NULL;
        pid_t pid = fork();
        if (pid == 0)
                _exit(0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        assert_int_equal(cgroup_of_process(pid, &path), -ESRCH);
        assert_null(path);
}

static void warming_up_leaves_no_child_and_is_not_repeated_by_the_next_program(void **state) {
        cgroup_warm_up(true);
        assert_int_equal(waitpid(-1, NULL, 0), -1);
        assert_int_equal(errno, ECHILD);
        assert_non_null(getenv("RKT_CGROUP_WARM"));
        cgroup_warm_up(false);
        assert_null(getenv("RKT_CGROUP_WARM"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_process_is_in_a_cgroup),
                cmocka_unit_test(there_is_no_cgroup_of_a_process_that_is_gone),
                cmocka_unit_test(warming_up_leaves_no_child_and_is_not_repeated_by_the_next_program),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
