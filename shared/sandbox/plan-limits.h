/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "isolator.h"
#include "plan.h"

/* Where the limits of input and output apply: what lies on these disks. */
typedef struct PlanDisks {
        dev_t *items;
        size_t n;
} PlanDisks;

/* The disks of the pod directory and of host volumes among the mounts of a. */
void plan_disks_find(PlanDisks *d, int podfd, const PlanApp *a);

/* The lines for a cgroup that resource isolators come down to. whose ("app NAME" or "the pod") is for
 * messages: warns of what the host cannot do. */
void plan_compile_limits(const IsolatorList *l, const char *whose, const PlanDisks *disks, PlanLimits *ret);
bool plan_limits_apply_to(IsolatorType type); /* whether it is one of these */
