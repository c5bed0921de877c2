/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "enter-command.h"

#include <errno.h>
#include <time.h>

#include "alloc.h"
#include "choose-app.h"
#include "duration.h"
#include "globals.h"
#include "info.h"
#include "log.h"
#include "stage1.h"
#include "strv.h"

#define PID_INTERVAL_NS (10 * NSEC_PER_MSEC)

static char *app_name, *user, *group, *directory;
static char **environment;

const Option enter_options[] = {
        { "app", OPTION_STRING, &app_name, "name of the app to enter within the specified pod" },
        { "environment", OPTION_STRV, &environment, "environment variable, in place of the app's",
                        .shown_default = "NAME=VALUE" },
        { "group", OPTION_STRING, &group, "group to be, instead of the app's" },
        { "user", OPTION_STRING, &user, "user to be, instead of the app's" },
        { "working-dir", OPTION_STRING, &directory, "directory to start in, instead of the app's" },
        {},
};

/* A pod that has just been started may not have written its pid yet. */
static int wait_for_pid(Pod *pod, PodInfo *info) {
        for (;;) {
                _cleanup_free_ char *error = NULL;
                pod_info_done(info);
                int r = pod_info_read(pod, POD_INFO_FULL, info, &error);
                if (r < 0) {
                        log_error("pod %s: %s", pod->uuid, error);
                        return r;
                }
                if (info->pid > 0)
                        return 0;
                nanosleep(&(struct timespec){ .tv_nsec = PID_INTERVAL_NS }, NULL);
                if (pod_refresh(pod) < 0 || pod->state != POD_RUNNING) {
                        log_error("pod %s is not running", pod->uuid);
                        return -ESRCH;
                }
        }
}

/* Only what was asked for: a foreign stage1 need not know them. */
static void add_options(char ***argv) {
        const struct {
                const char *name, *value;
        } given[] = { { "user", user }, { "group", group }, { "working-dir", directory } };
        for (size_t i = 0; i < ELEMENTSOF(given); i++)
                if (given[i].value)
                        strv_push(argv, xasprintf("--%s=%s", given[i].name, given[i].value));
        STRV_FOREACH (variable, environment)
                strv_push(argv, xasprintf("--environment=%s", *variable));
}

static int enter(const Pod *pod, pid_t pid, const char *app, char **command_line) {
        _cleanup_free_ char *path = NULL;
        int r = stage1_entrypoint(pod, "enter", &path, NULL);
        if (r == -ENOENT)
                log_error("pod %s: its stage1 has no enter entry point", pod->uuid);
        if (r < 0)
                return r;

        _cleanup_strv_ char **argv = NULL;
        strv_add(&argv, path);
        strv_push(&argv, xasprintf("--pid=%d", (int) pid));
        strv_push(&argv, xasprintf("--appname=%s", app));
        add_options(&argv);
        strv_add(&argv, "--");
        strv_extend(&argv, command_line);
        if (fchdir(pod->fd) < 0)
                return log_error_errno(errno, "pod %s", pod->uuid);
        execv(path, argv);
        return log_error_errno(errno, "pod %s: stage1 entry point %s", pod->uuid, path);
}

int enter_command(const Command *command, int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        _cleanup_pod_ Pod *pod = NULL;
        _cleanup_pod_info_ PodInfo info = {};
        char *shell[] = { (char *) "/bin/bash", NULL };
        int r = globals_command(command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (strv_length(arguments) == 0) {
                log_error("must provide the UUID of a pod");
                return EXIT_RKT_FAILURE;
        }
        if (pod_find(globals.dir, arguments[0], &pod) < 0)
                return EXIT_RKT_FAILURE;
        if (pod->state != POD_RUNNING) {
                log_error("pod %s is not running: it is %s", pod->uuid, pod_state_name(pod->state));
                return EXIT_RKT_FAILURE;
        }
        if (wait_for_pid(pod, &info) < 0)
                return EXIT_RKT_FAILURE;
        const char *app = choose_app(&info, app_name);
        if (!app)
                return EXIT_RKT_FAILURE;
        if (!arguments[1])
                log_info("no command specified, assuming \"/bin/bash\"");
        enter(pod, info.pid, app, arguments[1] ? arguments + 1 : shell);
        return EXIT_RKT_FAILURE;
}
