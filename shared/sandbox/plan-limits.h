/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "isolator.h"
#include "plan.h"

/* The lines for a cgroup that resource isolators come down to; limits of input and output are for the disks
 * that the pod directory and the mounts of the apps lie on. whose ("app NAME" or "the pod") is for messages:
 * warns of what the host cannot do. */
void plan_compile_limits(const IsolatorList *l, const char *whose, int podfd, const PlanApp *apps,
                size_t n_apps, PlanLimits *ret);
bool plan_limits_apply_to(IsolatorType type); /* whether it is one of these */
