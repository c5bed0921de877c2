/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The plans of a mutable pod's apps, in stage1/rootfs/rkt/plan.json, where enter looks. Readers see the file
 * as it was or as it is; stage0's lock keeps writers apart. Working directory: the pod's. Log failures. */

#include "plan.h"

/* In place of one of the same name. p has one app. */
int app_plans_put(const Plan *p);
/* Takes out the app, if it is there. *ret_volumes: paths of the volumes of the pod that no other app has,
 * from the pod's directory; a strv. */
int app_plans_remove(const char *app, char ***ret_volumes);
