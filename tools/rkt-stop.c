/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "collect.h"
#include "globals.h"
#include "log.h"
#include "uuid-arguments.h"

static bool force;

static const Option options[] = {
        { "force", OPTION_BOOL, &force, "force stopping: kill the pod at once" },
        {},
};

static const Command command = {
        .name = "stop",
        .usage = "[--force] UUID... | --uuid-file=FILE",
        .summary = "Stop a pod",
        .options = options,
        .shared_options = { uuid_file_options },
        .global_options = global_options,
};

static int stop(Pod *pod) {
        if (pod->state == POD_EXITED || pod->state == POD_EXITED_GARBAGE ||
                        pod->state == POD_EXITED_DELETING) {
                log_info("pod \"%s\" is already stopped", pod->uuid);
                return 0;
        }
        if (pod->state != POD_RUNNING) {
                log_error("pod \"%s\" is not running: it is %s", pod->uuid, pod_state_name(pod->state));
                return -EINVAL;
        }
        int r = pod_stop(pod, force);
        if (r >= 0)
                printf("\"%s\"\n", pod->uuid);
        return r;
}

static void tell_failed(int n) {
        log_error("failed to stop %d pod(s)", n);
}

int main(int argc, char **argv) {
        return uuid_arguments_main(&command, argc, argv, stop, tell_failed);
}
