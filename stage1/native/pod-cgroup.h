/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app.h"

/* PID 1 in its cgroup: makes that the root of a cgroup namespace, mounts it, and gives every app a cgroup
 * app-NAME with its limits and device policy; PID 1 itself goes to "supervisor". Logs; what the host's
 * cgroups cannot do is a warning. */
int pod_cgroup_open(App *apps, size_t n);
