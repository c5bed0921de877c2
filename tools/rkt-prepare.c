/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "event.h"
#include "globals.h"
#include "log.h"
#include "prepare.h"
#include "process.h"

static bool quiet;

static const Option options[] = {
        { "quiet", OPTION_BOOL, &quiet,
                        "suppress superfluous output on stdout, print only the UUID on success" },
        {},
};

static const Command command = {
        .name = "prepare",
        .usage = "[--volume=name,kind=host,...] [--mount ...] [--quiet] IMAGE [--app flags] [-- args [---]] "
                 "...",
        .summary = "Prepare to run image(s) in a pod in rkt",
        .description = "Prepares a pod for rkt run-prepared: images are fetched and rendered, and the pod's "
                       "directory is\n"
                       "written. Prints the UUID of the pod.",
        .options = options,
        .shared_options = { pod_request_options },
        POD_REQUEST_COMMAND,
};

int main(int argc, char **argv) {
        _cleanup_pod_ Pod *pod = NULL;
        int r = globals_command(&command, argc, argv, NULL);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (pod_request_check() < 0 || pod_prepare(&pod_request, NULL, &pod) < 0)
                return EXIT_RKT_FAILURE;
        r = pod_finish_preparation(pod);
        if (r < 0)
                return EXIT_RKT_FAILURE;
        event_send(&(Event){ .kind = EVENT_POD_PREPARED, .pod = pod->uuid });
        printf("%s\n", pod->uuid);
        if (process_flush() < 0) { /* nobody knows of it */
                pod_discard(pod);
                return EXIT_RKT_FAILURE;
        }
        return 0;
}
