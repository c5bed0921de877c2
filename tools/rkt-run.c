/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup.h"
#include "globals.h"
#include "launch.h"
#include "listen-fds.h"
#include "log.h"
#include "prepare.h"

static char *uuid_file;

static const Option options[] = {
        { "uuid-file-save", OPTION_STRING, &uuid_file, "write out the pod's UUID to this file" },
        {},
};

static const Command command = {
        .name = "run",
        .usage = "[--volume=name,kind=host,...] [--mount ...] IMAGE [--app flags] [-- args [---]] ...",
        .summary = "Run image(s) in a pod in rkt",
        .description = "Each IMAGE is an image ID, a name, a file or a URL. Flags behind an image apply to "
                       "its app; arguments\n"
                       "behind \"--\" are passed to it, up to \"---\". Ends when the apps have ended, with "
                       "the status of the\n"
                       "first that failed.",
        .options = options,
        .shared_options = { pod_request_options, launch_request_options },
        POD_REQUEST_COMMAND,
};

int main(int argc, char **argv) {
        _cleanup_pod_ Pod *pod = NULL;
        int r = globals_command(&command, argc, argv, NULL);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        cgroup_warm_up(false);
        listen_fds_close_on_exec(true);
        if (pod_request_check() < 0 || launch_request_check(pod_request.n_ports > 0) < 0)
                return EXIT_RKT_FAILURE;
        if (launch_request.interactive && pod_request.n_apps != 1) {
                log_error("interactive option only supports one image");
                return EXIT_RKT_FAILURE;
        }
        if (pod_prepare(&pod_request, uuid_file, &pod) < 0)
                return EXIT_RKT_FAILURE;
        if (launch_request.dry_run) {
                r = pod_explain(pod);
                pod_discard(pod);
                return r < 0 ? EXIT_RKT_FAILURE : r;
        }
        pod_launch(pod);
        return EXIT_RKT_FAILURE;
}
