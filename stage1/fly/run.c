/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Entry point "run" of the fly stage1: one app, in its own root directory and, for that, mount namespace,
 * but otherwise a process of the host like any other: for agents that have to do with the host itself.
 * Working directory: the pod's. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "alloc.h"
#include "event.h"
#include "fly-lock.h"
#include "fly-plan.h"
#include "fly-root.h"
#include "log.h"
#include "option.h"
#include "pod-files.h"
#include "process.h"
#include "supervise.h"

/* Keeps the pod's lock, at the number where stop and enter look for it, and nothing else of what the caller
 * left open. The app does not get it: whoever is not root in there could leave the root directory by it. */
static int take_lock(void) {
        const char *text = getenv("RKT_LOCK_FD");
        uint64_t lock = 0;
        if (text && (parse_uint(text, INT_MAX, &lock) < 0 || lock < FLY_LOCK_FD ||
                                    (lock == FLY_LOCK_FD ? fcntl(FLY_LOCK_FD, F_SETFD, FD_CLOEXEC)
                                                         : dup3((int) lock, FLY_LOCK_FD, O_CLOEXEC)) < 0)) {
                log_error("RKT_LOCK_FD=%s is not an open descriptor", text);
                return -EBADF;
        }
        syscall(SYS_close_range, text ? FLY_LOCK_FD + 1 : FLY_LOCK_FD, ~0U, 0);
        unsetenv("RKT_LOCK_FD");
        return 0;
}

static int print_plan(const Plan *plan) {
        _cleanup_json_ json_object *json = plan_to_json(plan);
        _cleanup_free_ char *text = json_to_text(json, true);
        if (puts(text) < 0 || fflush(stdout) < 0)
                return log_error_errno(errno, "cannot print the plan");
        return 0;
}

static int run_pod(const RunOptions *o) {
        _cleanup_close_ int pod = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int stage1 = open("stage1/rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_plan_ Plan *plan = NULL;
        Leftovers leftovers;
        FlyRoot root;
        if (pod < 0 || stage1 < 0)
                return log_error_errno(
                                errno, "the working directory is not that of a prepared pod: stage1/rootfs");
        int r = fly_plan_compile(o, pod, &plan);
        if (r >= 0 && o->dry_run)
                return print_plan(plan);
        event_connect();
        if (r < 0 || (r = pod_files_make_volumes(plan, pod)) < 0 ||
                        (r = pod_files_write(plan, o, pod, stage1)) < 0 ||
                        (r = leftovers_open(&leftovers)) < 0 || (r = fly_root_enter(plan, &root)) < 0)
                return r;
        Supervision s = {
                .uuid = plan->uuid,
                .app = &plan->apps[0],
                .root = &root,
                .leftovers = &leftovers,
                .pod = pod,
                .stage1 = stage1,
        };
        r = supervise(&s);
        leftovers_done(&leftovers);
        return r;
}

int main(int argc, char **argv) {
        static RunOptions o; /* for as long as the process lives */
        process_begin("stage1");
        prctl(PR_SET_NAME, "rkt-stage1", 0, 0, 0);
        int r = fly_options_parse(argc, argv, &o);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        log_set_debug(o.debug);
        supervise_block_signals();
        r = take_lock();
        if (r >= 0)
                r = run_pod(&o);
        return r < 0 ? EXIT_RKT_FAILURE : r;
}
