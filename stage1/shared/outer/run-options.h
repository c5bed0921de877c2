/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The command line of stage1's run (rkt-stage1(7), interface version 6). */

#include "plan-compile.h"

typedef struct RunOptions {
        bool debug;
        bool dry_run;
        PlanRequest plan;
        char **nets;            /* as given with --net */
        char **network_options; /* for rkt-netplug */
        char *metadata_token;   /* NULL: the pod is not registered with the metadata service */
} RunOptions;

/* Logs; -EINVAL or -EOPNOTSUPP. 1 when help was printed. */
int run_options_parse(int argc, char **argv, RunOptions *ret);
