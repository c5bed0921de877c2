/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app.h"
#include "boot.h"

/* Where PID 1 and journald are: PID 1 moves there, or is moved by the outer supervisor. */
#define POD_CGROUP_SUPERVISOR "supervisor"

/* The name of an app's, allocated. */
char *pod_cgroup_of_app(const char *name);

/* The cgroup of an app that a manager has made: opens it as the app's, and the first time gives it the
 * device policy and those limits that the manager does not set. Logs, as the next. */
int pod_cgroup_of_unit(const Plan *p, App *a);
/* 0 when the manager has removed it, else -EBUSY. */
int pod_cgroup_unit_is_gone(const App *a);

/* PID 1 in its cgroup: makes that the root of a cgroup namespace, mounts it, and gives every app a cgroup
 * app-NAME with its limits and device policy. *ret_supervisor is a descriptor of "supervisor", or -1 where
 * cgroup v1 tracks processes: PID 1 stays where it is. Logs; what the host's cgroups cannot do is a warning.
 */
int pod_cgroup_open(const Boot *b, App *const *apps, size_t n, int *ret_supervisor);

/* The same for an app that comes later, to a pod that is mutable. */
int pod_cgroup_add(const Boot *b, App *a);
/* Kills what is in an app's cgroup and removes it; a->cgroup is -1 then. -EBUSY: what was killed has not
 * gone yet. */
int pod_cgroup_remove(App *a);
