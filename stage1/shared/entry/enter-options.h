/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The command line of every flavour's enter, and what it changes of the app's plan. */

#include "plan.h"

/* *ret_command is a strv, with at least one word. Logs; -EINVAL. 1 when help was printed. */
int enter_options_parse(int argc, char **argv, pid_t *ret_pid, const char **ret_app, char ***ret_command);

/* The plan of the pod whose directory is the working directory, and in *ret_app the app as the options want
 * it, which owns nothing. Logs. */
int enter_options_load_plan(const char *app, Plan **ret, PlanApp *ret_app);
