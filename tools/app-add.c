/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "alloc.h"
#include "app-commands.h"
#include "globals.h"
#include "log.h"
#include "mutable.h"
#include "request.h"
#include "volume.h"

static char *uuid;

/* A volume that is the app's own, and where it is mounted. */
static int add_volume(const char *value, void *userdata) {
        AppRequest *a = pod_request_current_app("mnt-volume");
        char *error = NULL;
        Mount m = {};
        if (!a)
                return -EINVAL;
        if (mount_volume_from_option(value, &m, &error) < 0)
                return pod_request_fail("mnt-volume", value, error);
        xgrow(&a->mounts, a->n_mounts);
        a->mounts[a->n_mounts++] = m;
        return 0;
}

static const Option options[] = {
        { "mnt-volume", OPTION_CALL, NULL, "a volume for the app, and where it is mounted",
                        .call = add_volume,
                        .shown_default = "target=PATH,name=NAME,kind=host|empty|tmpfs|named,…" },
        {},
};

/* The pod's UUID stands where others have their first image. */
static int take_argument(ArgumentKind kind, const char *argument, void *userdata) {
        if (kind != ARGUMENT_PLAIN || uuid)
                return pod_request_argument(kind, argument, userdata);
        uuid = xstrdup(argument);
        return 0;
}

static const Command command = {
        .name = "app add",
        .usage = "UUID IMAGE [--app flags] [-- args]",
        .summary = "Add an app to a running pod",
        .description = "The pod was started by rkt app sandbox. IMAGE is an image of the store. The app is "
                       "started by "
                       "rkt\napp start.",
        .options = options,
        .app_options = { app_request_options, isolator_request_options },
        .global_options = global_options,
        .needs_root = true,
        .argument = take_argument,
        .app_arguments = true,
};

int app_add(int argc, char **argv) {
        _cleanup_pod_ Pod *pod = NULL;
        int r = globals_command(&command, argc, argv, NULL);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (!uuid || pod_request.n_apps != 1) {
                log_error("expected the UUID of a pod and one image");
                return EXIT_RKT_FAILURE;
        }
        if (pod_request.isolators.n > 0) {
                log_error("limits stand behind the image: those of the pod were given to rkt app sandbox");
                return EXIT_RKT_FAILURE;
        }
        if (pod_request.apps[0].signature) {
                log_error("--signature: the image is of the store, where signatures were verified when it "
                          "came");
                return EXIT_RKT_FAILURE;
        }
        if (pod_find(globals.dir, uuid, &pod) < 0 || pod_app_add(pod, &pod_request) < 0)
                return EXIT_RKT_FAILURE;
        return 0;
}
