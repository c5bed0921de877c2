/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "rkt app start", "rkt app stop" and "rkt app rm". */

#include "alloc.h"
#include "app-commands.h"
#include "duration.h"
#include "globals.h"
#include "log.h"
#include "mutable.h"
#include "strv.h"

static char *app_name, *wait_ready;

static int set_wait(const char *value, void *userdata) {
        int64_t ns;
        int r = duration_parse_wait(value, &ns);
        if (r < 0) {
                log_error("--wait-ready=%s: expected true, false or a duration", value);
                return r;
        }
        free(wait_ready);
        wait_ready = xstrdup(value);
        return 0;
}

#define APP_OPTION                                                                                          \
        { "app", OPTION_STRING, &app_name, "name of the app", .shown_default = "NAME" }

static const Option options[] = { APP_OPTION, {} };

static const Option start_options[] = {
        APP_OPTION,
        { "wait-ready", OPTION_CALL, NULL, "wait for the app to be ready: true, false or a duration",
                        .call = set_wait, .flags = OPTION_VALUE_OPTIONAL, .if_bare = "true",
                        .shown_default = "1m30s" },
        {},
};

#define APP_CHANGE_COMMAND .usage = "UUID --app=NAME", .global_options = global_options, .needs_root = true

static int change(const Command *c, int argc, char **argv, int (*apply)(Pod *, const char *)) {
        _cleanup_strv_ char **arguments = NULL;
        _cleanup_pod_ Pod *pod = NULL;
        int r = globals_command(c, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (strv_length(arguments) != 1) {
                log_error("expected the UUID of a pod");
                return EXIT_RKT_FAILURE;
        }
        if (isempty(app_name)) {
                log_error("name the app with --app=NAME");
                return EXIT_RKT_FAILURE;
        }
        if (pod_find(globals.dir, arguments[0], &pod) < 0 || apply(pod, app_name) < 0)
                return EXIT_RKT_FAILURE;
        return 0;
}

static int start(Pod *p, const char *name) {
        return pod_app_start(p, name, wait_ready);
}

int app_start(int argc, char **argv) {
        static const Command command = {
                .name = "app start",
                .summary = "Start an app of a running pod",
                .description = "The app was added by rkt app add. One that has ended is started again. "
                               "Returns when it "
                               "has\nbeen executed, or with --notify when it has said that it is ready; "
                               "and fails when\nthat takes too long, for which the app goes on.",
                .options = start_options,
                APP_CHANGE_COMMAND,
        };
        return change(&command, argc, argv, start);
}

int app_stop(int argc, char **argv) {
        static const Command command = {
                .name = "app stop",
                .summary = "Stop an app of a running pod",
                .description = "Returns when the app has ended. It stays in the pod, and can be started "
                               "again.",
                .options = options,
                APP_CHANGE_COMMAND,
        };
        return change(&command, argc, argv, pod_app_stop);
}

int app_rm(int argc, char **argv) {
        static const Command command = {
                .name = "app rm",
                .summary = "Remove an app from a pod",
                .description = "The app is stopped if it runs. What it has written goes with it.",
                .options = options,
                APP_CHANGE_COMMAND,
        };
        return change(&command, argc, argv, pod_app_remove);
}
