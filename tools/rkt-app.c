/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "enter-command.h"
#include "globals.h"
#include "subcommand.h"

static const Command exec_command = {
        .name = "app exec",
        .usage = ENTER_USAGE,
        .summary = "Execute a command in an app of a running pod",
        .description = ENTER_DESCRIPTION,
        .options = enter_options,
        .global_options = global_options,
        .needs_root = true,
        .stop_at_argument = true,
};

static int app_exec(int argc, char **argv) {
        return enter_command(&exec_command, argc, argv);
}

static const Subcommand subcommands[] = {
        { "exec", app_exec, "Execute a command in an app of a running pod" },
        {},
};

int main(int argc, char **argv) {
        return subcommand_main("app", "Operate on the apps of a running pod", subcommands, argc, argv);
}
