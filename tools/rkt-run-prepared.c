/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "cgroup.h"
#include "file.h"
#include "globals.h"
#include "launch.h"
#include "listen-fds.h"
#include "log.h"
#include "overlay-support.h"
#include "pod-manifest.h"
#include "strv.h"

static const Command command = {
        .name = "run-prepared",
        .usage = "UUID",
        .summary = "Run a prepared application pod in rkt",
        .description = "UUID is that of a pod made by rkt prepare, or its beginning.",
        .shared_options = { launch_request_options },
        .global_options = global_options,
        .needs_root = true,
};

static int check_pod(const Pod *pod) {
        _cleanup_pod_manifest_ PodManifest *manifest = NULL;
        _cleanup_free_ char *error = NULL;
        int r = pod_manifest_load_at(pod->fd, "pod", &manifest, &error);
        if (r < 0) {
                log_error("pod %s: %s", pod->uuid, error);
                return r;
        }
        if (launch_request.interactive && manifest->n_apps != 1) {
                log_error("interactive option only supports pods with one app");
                return -EINVAL;
        }
        const char *reason = overlay_unsupported(globals.dir);
        if (reason && faccessat(pod->fd, "overlay-prepared", F_OK, 0) == 0) {
                log_error("pod %s was prepared with overlay, but it is not supported here: %s", pod->uuid,
                                reason);
                return -EOPNOTSUPP;
        }
        return launch_request_check(manifest->n_ports > 0);
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        _cleanup_pod_ Pod *pod = NULL;
        int r = globals_command(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        cgroup_warm_up(false);
        listen_fds_close_on_exec(true);
        if (strv_length(arguments) != 1) {
                log_error("must provide the UUID of a prepared pod");
                return EXIT_RKT_FAILURE;
        }
        if (pod_find(globals.dir, arguments[0], &pod) < 0)
                return EXIT_RKT_FAILURE;
        if (pod->state != POD_PREPARED) {
                log_error("pod %s is not prepared: it is %s", pod->uuid, pod_state_name(pod->state));
                return EXIT_RKT_FAILURE;
        }
        r = pod_lock(pod);
        if (r >= 0)
                r = pod_refresh(pod);
        if (r < 0 || pod->state != POD_PREPARED) {
                log_error("pod %s: somebody else is using it", pod->uuid);
                return EXIT_RKT_FAILURE;
        }
        if (check_pod(pod) < 0)
                return EXIT_RKT_FAILURE;
        r = launch_request.dry_run ? pod_explain(pod) : pod_launch(pod);
        return r < 0 ? EXIT_RKT_FAILURE : r;
}
