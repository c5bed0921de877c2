/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a pod asks for, less what fly does not do. */

#include "run-options.h"

/* Parses the command line of run. Logs, also what of it fly passes over. 1 when help was printed. */
int fly_options_parse(int argc, char **argv, RunOptions *ret);

/* The plan of the pod, whose directory is pod: everything that confines is left out, which is told. Logs. */
int fly_plan_compile(const RunOptions *o, int pod, Plan **ret);
