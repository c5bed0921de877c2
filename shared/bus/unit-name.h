/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names of systemd units, and which unit a cgroup belongs to. Nothing here talks to systemd. */

#include <stdbool.h>

/* As systemd-escape(1): '/' becomes '-', other bytes than [A-Za-z0-9:_.] and a leading '.' become \xNN.
 * Allocated. */
char *unit_escape(const char *s);

/* The name machined would give to the scope of a machine: "machine-rkt\x2d….scope". Allocated. */
char *unit_scope_of_machine(const char *machine);

/* The system's unit that a cgroup path belongs to: its first part that is not a slice. Allocated, NULL if
 * there is none. */
char *unit_of_cgroup(const char *cgroup);

/* Whether a pod that is started in this cgroup stays in it, because it is part of a service: then the
 * service's limits count for it, its end is the pod's end, and nobody else may move its processes. The rule:
 *
 *   1. the cgroup belongs to a system service: not a scope, and not below user.slice, where everything
 *      belongs to the user's own manager or session;
 *   2. $INVOCATION_ID is that of the service's current run, so the process inherited its environment from
 *      it. A job of cron or at, or a shell that somebody opened in a service's cgroup by other means, has
 *      another environment; stopping such a pod must not stop cron.
 *
 * invocation_id may be NULL. units is the directory where systemd publishes the IDs, /run/systemd/units. */
bool unit_keeps_pod(const char *cgroup, const char *invocation_id, const char *units);
