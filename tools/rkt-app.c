/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app-commands.h"
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
        { "add", app_add, "Add an app to a running pod" },
        { "exec", app_exec, "Execute a command in an app of a running pod" },
        { "list", app_list, "List the apps of a pod" },
        { "rm", app_rm, "Remove an app from a pod" },
        { "sandbox", app_sandbox, "Run a pod without apps, to which some are added" },
        { "start", app_start, "Start an app of a running pod" },
        { "status", app_status, "Print the status of an app" },
        { "stop", app_stop, "Stop an app of a running pod" },
        {},
};

int main(int argc, char **argv) {
        return subcommand_main("app", "Operate on the apps of a pod", subcommands, argc, argv);
}
