/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "alloc.h"
#include "attach-message.h"
#include "choose-app.h"
#include "detach-keys.h"
#include "globals.h"
#include "info.h"
#include "log.h"
#include "stage1.h"
#include "strv.h"

static char *app_name, *mode, *detach_keys;
static bool no_input;

static const Option options[] = {
        { "app", OPTION_STRING, &app_name, "name of the app to attach to within the specified pod" },
        { "detach-keys", OPTION_STRING, &detach_keys, "the keys that end it, and not the app; empty: none",
                        .shown_default = DETACH_KEYS_DEFAULT },
        { "mode", OPTION_STRING, &mode,
                        "list, auto, or a list of stdin, stdout, stderr, tty, tty-in, tty-out",
                        .shown_default = "auto" },
        { "no-stdin", OPTION_BOOL, &no_input, "pass on no input" },
        {},
};

static const Command command = {
        .name = "attach",
        .usage = "[--app=APPNAME] [--mode=MODE] UUID",
        .summary = "Attach to an app running within a rkt pod",
        .description = "What the app writes to the streams or to the terminal that it was started with "
                       "(--stdin, "
                       "--stdout, --stderr of rkt run) is shown here, and what is typed here it reads. "
                       "Others "
                       "may do the same at the same time. Ends with the app, and its exit status.",
        .options = options,
        .global_options = global_options,
        .needs_root = true,
};

/* custom-attach with what was asked for; the stage1 knows what there is. */
static int add_mode(char ***argv) {
        static const char *const names[] = { "stdin", "stdout", "stderr", "tty-in", "tty-out" };
        unsigned channels = 0;
        char *error = NULL;
        if (mode && streq(mode, "list")) {
                strv_add(argv, "--action=list");
                return 0;
        }
        if (attach_channels_parse(mode ?: "auto", &channels, &error) < 0) {
                log_error("--mode=%s", error);
                free(error);
                return -EINVAL;
        }
        strv_add(argv, channels == 0 ? "--action=auto-attach" : "--action=custom-attach");
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (channels & attach_channels_from_name(names[i]))
                        strv_push(argv, xasprintf("--%s=true", names[i]));
        return 0;
}

/* Those behind --debug only if they were asked for: a foreign stage1 need not know them. */
static int attach(const Pod *pod, const char *app, char **mode_arguments) {
        _cleanup_free_ char *path = NULL;
        int r = stage1_entrypoint(pod, "attach", &path, NULL);
        if (r == -ENOENT)
                log_error("pod %s: its stage1 has no attach entry point", pod->uuid);
        if (r < 0)
                return r;
        _cleanup_strv_ char **argv = NULL;
        strv_add(&argv, path);
        strv_extend(&argv, mode_arguments);
        strv_push(&argv, xasprintf("--app=%s", app));
        strv_push(&argv, xasprintf("--debug=%s", log_debug_enabled() ? "true" : "false"));
        if (detach_keys)
                strv_push(&argv, xasprintf("--detach-keys=%s", detach_keys));
        if (no_input)
                strv_add(&argv, "--no-stdin");
        if (fchdir(pod->fd) < 0)
                return log_error_errno(errno, "pod %s", pod->uuid);
        execv(path, argv);
        return log_error_errno(errno, "pod %s: stage1 entry point %s", pod->uuid, path);
}

static int run(char *const *arguments) {
        _cleanup_strv_ char **mode_arguments = NULL;
        _cleanup_pod_ Pod *pod = NULL;
        _cleanup_pod_info_ PodInfo info = {};
        _cleanup_free_ char *error = NULL;
        DetachKeys keys;
        if (strv_length(arguments) != 1) {
                log_error("must provide the UUID of one pod");
                return -EINVAL;
        }
        if (detach_keys && detach_keys_parse(detach_keys, &keys) < 0) {
                log_error("--detach-keys=%s: expected keys such as " DETACH_KEYS_DEFAULT, detach_keys);
                return -EINVAL;
        }
        int r = add_mode(&mode_arguments);
        if (r < 0 || (r = pod_find(globals.dir, arguments[0], &pod)) < 0)
                return r;
        if (pod->state != POD_RUNNING) {
                log_error("pod %s is not running: it is %s", pod->uuid, pod_state_name(pod->state));
                return -ESRCH;
        }
        if ((r = pod_info_read(pod, POD_INFO_BRIEF, &info, &error)) < 0) {
                log_error("pod %s: %s", pod->uuid, error);
                return r;
        }
        const char *app = choose_app(&info, app_name);
        return app ? attach(pod, app, mode_arguments) : -ENOENT;
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        int r = globals_command(&command, argc, argv, &arguments);
        if (r == 0)
                r = run(arguments);
        else if (r > 0)
                return 0;
        return r < 0 ? EXIT_RKT_FAILURE : 0;
}
