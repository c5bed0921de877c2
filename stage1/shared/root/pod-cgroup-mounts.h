/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is at /sys/fs/cgroup: in PID 1's root the pod's cgroups, in an app's the app's. Where the host has
 * hierarchies of cgroup v1, those that the pod has cgroups of its own in are directories of a tmpfs, with
 * the names that they have on the host. */

#include "app.h"
#include "cgroup1.h"
#include "execution.h"

/* In PID 1, which gets a cgroup namespace: its cgroups are the roots of it. */
int pod_cgroup_mount(const Plan *p, CgroupLayout layout);

/* What an app gets, while the mounts of PID 1 can be seen; the descriptors and the array are the caller's
 * process's until it ends. */
int pod_cgroup_mounts_open(const App *a, Execution *e);
