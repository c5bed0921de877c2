/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cgroup1.h"
#include "plan.h"

/* Puts the limits of the whole pod into force, as seen from the host: what systemd has not set on the pod's
 * scope is written here. In the cgroup of a unit that the pod was started in, what the unit says itself
 * stays. cgroup NULL: the pod has none. Logs. */
int pod_limits_apply(const PlanLimits *l, const char *cgroup);

/* Writes one line, for "app NAME" or "the pod". What the host has no controller for is a warning. */
int pod_limit_write(const PlanLimit *l, const char *whose, int cgroup, const Cgroup1 *v1);
