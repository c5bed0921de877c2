/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Entry points "app-add", "app-start", "app-stop" and "app-rm", one program: they change a running mutable
 * pod. */

#include "app-entry.h"

#include <errno.h>

#include "control-client.h"
#include "duration.h"
#include "log.h"
#include "option.h"
#include "process.h"
#include "strv.h"

/* systemd's own for a service that starts */
#define WAIT_READY_NS (90 * (int64_t) NSEC_PER_SEC)

static AppEntry given;
static bool debug;
static char *private_users;
static int64_t wait_ready = WAIT_READY_NS;

static int set_wait(const char *value, void *userdata) {
        int r = duration_parse_wait(value, userdata);
        if (r < 0)
                log_error("--wait-ready=%s: expected true, false or a duration", value);
        return r;
}

static const Option options[] = {
        { "app", OPTION_STRING, &given.app, "name of the app" },
        { "debug", OPTION_BOOL, &debug, "print more" },
        { "disable-capabilities-restriction", OPTION_BOOL, &given.all_capabilities,
                        "leave it all capabilities" },
        { "disable-paths", OPTION_BOOL, &given.all_paths, "hide and protect no paths from it" },
        { "disable-seccomp", OPTION_BOOL, &given.no_seccomp, "filter no system calls of it" },
        { "private-users", OPTION_STRING, &private_users, "SHIFT:COUNT of the pod's user namespace" },
        { "uuid", OPTION_STRING, &given.uuid, "UUID of the pod" },
        { "wait-ready", OPTION_CALL, &wait_ready, "how long a start waits for the app to be ready",
                        .call = set_wait, .flags = OPTION_VALUE_OPTIONAL, .if_bare = "true",
                        .shown_default = "1m30s" },
        {},
};

static const Command command = {
        .name = "app",
        .usage = "--uuid=UUID --app=NAME [--options]",
        .summary = "change an app of a running pod (stage1 entry point, called by rkt app)",
        .options = options,
};

static int ask(ControlKind kind, int value) {
        _cleanup_close_ int fd = control_connect();
        return fd < 0 ? fd : control_ask(fd, kind, value, given.app);
}

static int start(void) {
        const int64_t ms = (int64_t) NSEC_PER_MSEC;
        return ask(CONTROL_START, wait_ready < 0 ? -1 : (int) MIN((wait_ready + ms - 1) / ms, INT32_MAX));
}

static int stop(void) {
        return ask(CONTROL_STOP, 0);
}

static int add(void) {
        return app_entry_add(&given);
}

static int rm(void) {
        return app_entry_remove(given.app);
}

static const struct {
        const char *program;
        int (*run)(void);
} entries[] = {
        { "app-add", add },
        { "app-start", start },
        { "app-stop", stop },
        { "app-rm", rm },
};

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        const char *program = strrchr(argv[0], '/');
        program = program ? program + 1 : argv[0];
        process_begin("stage1");
        int r = command_parse(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        log_set_debug(debug);
        if (strv_length(arguments) > 0 || isempty(given.app)) {
                log_error("expected --app=NAME and no arguments");
                return EXIT_RKT_FAILURE;
        }
        for (size_t i = 0; i < ELEMENTSOF(entries); i++)
                if (streq(entries[i].program, program))
                        return entries[i].run() < 0 ? EXIT_RKT_FAILURE : 0;
        log_error("%s is no entry point", program);
        return EXIT_RKT_FAILURE;
}
