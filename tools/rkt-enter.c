/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "enter-command.h"
#include "globals.h"

static const Command command = {
        .name = "enter",
        .usage = ENTER_USAGE,
        .summary = "Enter the namespaces of an app within a rkt pod",
        .description = ENTER_DESCRIPTION,
        .options = enter_options,
        .global_options = global_options,
        .needs_root = true,
        .stop_at_argument = true,
};

int main(int argc, char **argv) {
        return enter_command(&command, argc, argv);
}
