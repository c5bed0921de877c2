/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "collect.h"
#include "globals.h"
#include "lock.h"
#include "log.h"
#include "uuid-arguments.h"

static bool force;

static const Option options[] = {
        { "force", OPTION_BOOL, &force, "kill a pod that runs" },
        { "ignore", OPTION_BOOL, &uuid_file_optional,
                        "a file of --uuid-file that does not exist is no error" },
        {},
};

static const Command command = {
        .name = "rm",
        .usage = "[--force] UUID... | [--ignore] --uuid-file=FILE",
        .summary = "Remove all files and resources associated with an exited pod",
        .options = options,
        .shared_options = { uuid_file_options },
        .global_options = global_options,
        .needs_root = true,
};

static int refuse(const Pod *pod, const char *why) {
        log_error("pod \"%s\" %s", pod->uuid, why);
        return -EBUSY;
}

/* A pod has ended when its PID 1, which holds the lock, has. */
static int kill_pod(Pod *pod) {
        int r = pod_stop(pod, true);
        if (r < 0 || (r = lock_fd(pod->fd, LOCK_MODE_SHARED, true)) < 0 || (r = unlock_fd(pod->fd)) < 0)
                return r;
        return pod_refresh(pod);
}

static int remove_pod(Pod *pod) {
        if (force && pod->state == POD_RUNNING && kill_pod(pod) < 0)
                return refuse(pod, "cannot be killed");
        switch (pod->state) {
        case POD_RUNNING: return refuse(pod, "is currently running");
        case POD_PREPARING: return refuse(pod, "is being prepared");
        case POD_EXITED_DELETING:
        case POD_DELETING: return refuse(pod, "is currently being deleted");
        default: break;
        }
        int r = pod_mark_garbage(pod, true);
        if (r >= 0)
                r = pod_collect(pod);
        if (r == -EBUSY)
                return refuse(pod, "is in use");
        if (r >= 0)
                printf("\"%s\"\n", pod->uuid);
        return r;
}

static void tell_failed(int n) {
        log_error("failed to remove one or more pods");
}

int main(int argc, char **argv) {
        return uuid_arguments_main(&command, argc, argv, remove_pod, tell_failed);
}
