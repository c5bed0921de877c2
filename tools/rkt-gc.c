/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "collect.h"
#include "duration.h"
#include "globals.h"
#include "log.h"
#include "process.h"
#include "strv.h"

#define LIVING_PLACES                                                                                       \
        (POD_PLACE_BIT(POD_PLACE_EMBRYO) | POD_PLACE_BIT(POD_PLACE_RUN) |                                   \
                        POD_PLACE_BIT(POD_PLACE_PREPARE) | POD_PLACE_BIT(POD_PLACE_PREPARED))
#define GARBAGE_PLACES (POD_PLACE_BIT(POD_PLACE_EXITED_GARBAGE) | POD_PLACE_BIT(POD_PLACE_GARBAGE))

static int64_t grace_period = 30 * 60 * INT64_C(1000000000);
static int64_t expire_prepared = 24 * 3600 * INT64_C(1000000000);
static bool mark_only;

static const Option options[] = {
        { "expire-prepared", OPTION_DURATION, &expire_prepared,
                        "duration to wait before expiring prepared pods", .shown_default = "24h0m0s" },
        { "grace-period", OPTION_DURATION, &grace_period,
                        "duration to wait before discarding inactive pods from garbage",
                        .shown_default = "30m0s" },
        { "mark-only", OPTION_BOOL, &mark_only,
                        "if set to true pods will be moved to the garbage directories but not removed" },
        {},
};

static const Command command = {
        .name = "gc",
        .usage = "[--grace-period=30m] [--expire-prepared=24h] [--mark-only]",
        .summary = "Garbage collect rkt pods no longer in use",
        .description = "Exited pods and failed preparations are moved to the garbage; what has lain there "
                       "for longer than\n"
                       "the grace period is removed. Meant to be run from rkt-gc.timer.",
        .options = options,
        .global_options = global_options,
        .needs_root = true,
};

static bool failed;

static int64_t changed_ago(const Pod *p) {
        struct stat st;
        if (fstat(p->fd, &st) < 0)
                return 0;
        return realtime_ns() - timespec_ns(st.st_ctim);
}

/* Somebody else's pod is none of ours: not an error. */
static int note(int r) {
        if (r < 0 && r != -EBUSY && r != -ENOENT)
                failed = true;
        return 0;
}

static int mark(Pod *p, void *userdata) {
        bool expired = p->state == POD_PREPARED && changed_ago(p) >= expire_prepared;
        if (p->state != POD_EXITED && p->state != POD_ABORTED_PREPARE && p->state != POD_EMBRYO && !expired)
                return 0;
        int r = pod_mark_garbage(p, false);
        if (r >= 0)
                log_info("moving pod \"%s\" to garbage", p->uuid);
        return note(r);
}

/* Which of the processes that share the work a pod falls to: by its last hex digit, since positions in a
 * directory change while it is emptied. */
static int share_of(const Pod *p) {
        return p->uuid[strlen(p->uuid) - 1] & 1;
}

static int collect(Pod *p, void *userdata) {
        if (share_of(p) != *(int *) userdata)
                return 0;
        if (p->state != POD_EXITED_GARBAGE && p->state != POD_GARBAGE)
                return 0;
        if (p->state == POD_EXITED_GARBAGE && changed_ago(p) < grace_period) {
                log_debug("pod \"%s\" still within grace period", p->uuid);
                return 0;
        }
        printf("Garbage collecting pod \"%s\"\n", p->uuid);
        return note(pod_collect(p));
}

static int collect_share(int share) {
        int r = pods_foreach(globals.dir, GARBAGE_PLACES, collect, &share);
        return process_end(failed ? -EIO : r);
}

/* Two at a time: one waits for a stage1 while the other removes files. Without a second process the first
 * does both shares. */
static int collect_all(void) {
        int wstatus = 0;
        pid_t other = fork();
        if (other == 0)
                _exit(collect_share(1));
        int status = collect_share(0);
        if (other < 0)
                return MAX(status, collect_share(1));
        while (waitpid(other, &wstatus, 0) < 0)
                if (errno != EINTR)
                        return EXIT_RKT_FAILURE;
        return MAX(status, process_exit_status(wstatus));
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        int r = globals_command(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (strv_length(arguments) > 0) {
                log_error("gc takes no arguments");
                return EXIT_RKT_FAILURE;
        }
        if (pods_foreach(globals.dir, LIVING_PLACES, mark, NULL) < 0 ||
                        pods_sync(globals.dir, GARBAGE_PLACES) < 0)
                return EXIT_RKT_FAILURE;
        r = mark_only ? 0 : collect_all();
        return process_end(r != 0 || failed ? -EIO : 0);
}
