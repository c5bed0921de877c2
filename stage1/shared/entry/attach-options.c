/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "attach-options.h"

#include <errno.h>

#include "attach-message.h"
#include "log.h"
#include "option.h"
#include "strv.h"

static bool debug, tty_in, tty_out, standard_input, standard_output, standard_error, no_input;
static char *app, *action, *detach_keys;

static const Option options[] = {
        { "action", OPTION_STRING, &action, "list, auto-attach or custom-attach" },
        { "app", OPTION_STRING, &app, "the app" },
        { "debug", OPTION_BOOL, &debug, "print out more debug information" },
        { "detach-keys", OPTION_STRING, &detach_keys, "the keys that end it" },
        { "no-stdin", OPTION_BOOL, &no_input, "pass on no input" },
        { "stderr", OPTION_BOOL, &standard_error, "with custom-attach" },
        { "stdin", OPTION_BOOL, &standard_input, "with custom-attach" },
        { "stdout", OPTION_BOOL, &standard_output, "with custom-attach" },
        { "tty-in", OPTION_BOOL, &tty_in, "with custom-attach" },
        { "tty-out", OPTION_BOOL, &tty_out, "with custom-attach" },
        {},
};

static const Command command = {
        .name = "attach",
        .usage = "--action=list|auto-attach|custom-attach --app=APP [--tty-in] [--tty-out] [--stdin] "
                 "[--stdout] [--stderr] [--detach-keys=KEYS] [--no-stdin]",
        .summary = "attach to the input and output of an app (stage1 entry point, called by rkt attach)",
        .options = options,
};

int attach_options_parse(int argc, char **argv, AttachOptions *ret) {
        _cleanup_strv_ char **arguments = NULL;
        int r = command_parse(&command, argc, argv, &arguments);
        if (r != 0)
                return r;
        log_set_debug(debug);
        *ret = (AttachOptions){ .app = app, .list = streq_ptr(action, "list"), .no_input = no_input };
        bool custom = streq_ptr(action, "custom-attach");
        if (!app || (!ret->list && !custom && !streq_ptr(action, "auto-attach"))) {
                log_error("expected --app, and as --action one of list, auto-attach and custom-attach");
                return -EINVAL;
        }
        if (custom)
                ret->channels = (standard_input ? ATTACH_STDIN : 0) | (standard_output ? ATTACH_STDOUT : 0) |
                                (standard_error ? ATTACH_STDERR : 0) | (tty_in ? ATTACH_TTY_IN : 0) |
                                (tty_out ? ATTACH_TTY_OUT : 0);
        if (custom && ret->channels == 0) {
                log_error("--action=custom-attach needs something to attach to");
                return -EINVAL;
        }
        if (detach_keys_parse(detach_keys ?: DETACH_KEYS_DEFAULT, &ret->detach) < 0) {
                log_error("--detach-keys=%s: expected keys such as " DETACH_KEYS_DEFAULT, detach_keys);
                return -EINVAL;
        }
        return 0;
}
