/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the pod's root is made of: detached mounts, made while the host's files can be reached and with the
 * host's privileges. Without a user namespace PID 1 does that itself; else a helper does, and sends them. */

#include "pod-root.h"

/* In a mount namespace of its own, whose mounts it changes. Working directory: the pod's. Logs failures. */
int pod_sources_open(const Boot *b, PodRoot *ret);

/* The same for the only app of b->plan, which a running pod gets: nothing of the pod's own. */
int pod_sources_open_app(const Boot *b, PodRoot *ret);

/* Calls each for every descriptor, always in the same order, until one returns < 0. */
int pod_sources_foreach(PodRoot *p, const Plan *plan, int (*each)(int *fd, void *userdata), void *userdata);

/* Closes what only app_root_build needs. */
void pod_sources_close(PodRoot *p, const Plan *plan);
