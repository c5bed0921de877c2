/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* "rkt enter", which is "rkt app exec", too. */

#include "option.h"

#define ENTER_USAGE "[--app=APPNAME] [--user=USER] UUID [CMD [ARGS ...]]"
#define ENTER_DESCRIPTION                                                                                   \
        "The command gets the app's sandbox: its namespaces, cgroup, user, capabilities, seccomp filter "   \
        "and\nenvironment. Without CMD, /bin/bash."

extern const Option enter_options[];

/* Becomes the stage1's entry point, or returns the exit status: of --help, or of a failure that is logged.
 * The command has enter_options and stops at the first argument. */
int enter_command(const Command *command, int argc, char **argv);
