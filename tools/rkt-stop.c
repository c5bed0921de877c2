/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "collect.h"
#include "globals.h"
#include "log.h"
#include "strv.h"
#include "uuid-arguments.h"

static bool force;
static char *uuid_file;

static const Option options[] = {
        { "force", OPTION_BOOL, &force, "force stopping: kill the pod at once" },
        { "uuid-file", OPTION_STRING, &uuid_file, "read the pod's UUID from this file" },
        {},
};

static const Command command = {
        .name = "stop",
        .usage = "[--force] UUID... | --uuid-file=FILE",
        .summary = "Stop a pod",
        .options = options,
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

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        int r = globals_command(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        int failed = uuid_arguments_foreach(globals.dir, arguments, uuid_file, stop);
        if (failed > 0)
                log_error("failed to stop %d pod(s)", failed);
        return failed != 0 || fflush(stdout) != 0 ? EXIT_RKT_FAILURE : 0;
}
