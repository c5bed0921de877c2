/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The life of the app: pre-start hook, main process, post-stop hook, as children of this process, in whose
 * mount namespace they are. What one of them leaves behind ends before the next begins. */

#include "fly-root.h"
#include "leftovers.h"

typedef struct Supervision {
        const char *uuid;
        const PlanApp *app;
        const FlyRoot *root;
        Leftovers *leftovers;
        int pod;    /* the pod's directory: also its lock */
        int stage1; /* stage1/rootfs in it */
} Supervision;

/* Blocks the signals that are passed on: from here on they stay pending until supervise looks at them. */
void supervise_block_signals(void);
/* Returns the status of the pod: the app's, or 0 if the app ended because it was asked to. Logs. */
int supervise(const Supervision *s);
