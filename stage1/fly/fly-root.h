/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The root directory of the app: all that it does not share with the host. */

#include "plan.h"

typedef struct FlyRoot {
        int namespace; /* the pod's mount namespace */
        int root;      /* O_PATH */
} FlyRoot;

/* Builds it in a mount namespace of its own and moves the process into it. Working directory: the pod's, and
 * afterwards the app's root. Logs failures. */
int fly_root_enter(const Plan *p, FlyRoot *ret);
