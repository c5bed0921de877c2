/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "collect.h"
#include "globals.h"
#include "log.h"
#include "strv.h"
#include "uuid-arguments.h"

static char *uuid_file;

static const Option options[] = {
        { "uuid-file", OPTION_STRING, &uuid_file, "read the pod's UUID from this file" },
        {},
};

static const Command command = {
        .name = "rm",
        .usage = "UUID... | --uuid-file=FILE",
        .summary = "Remove all files and resources associated with an exited pod",
        .options = options,
        .global_options = global_options,
        .needs_root = true,
};

static int refuse(const Pod *pod, const char *why) {
        log_error("pod \"%s\" %s", pod->uuid, why);
        return -EBUSY;
}

static int remove_pod(Pod *pod) {
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

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        int r = globals_command(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        int failed = uuid_arguments_foreach(globals.dir, arguments, uuid_file, remove_pod);
        if (failed > 0)
                log_error("failed to remove one or more pods");
        return failed != 0 || fflush(stdout) != 0 ? EXIT_RKT_FAILURE : 0;
}
