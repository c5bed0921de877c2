/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The program rkt-register, which has systemd make the pod's scope and tells machined about it, while we go
 * on. It says what it has done:
 *
 *      cgroup PATH      the leader is in its cgroup
 *      machine NAME     machined knows the pod
 *      warning TEXT
 */

#include <stdbool.h>

#include "helper.h"
#include "plan.h"

typedef struct Registration {
        Helper helper;
        bool wants_interfaces; /* registration_set_interfaces is to follow */
        char *cgroup;          /* NULL: not known yet */
} Registration;

/* Whether systemd runs this host, as sd_booted(3) decides. */
bool registration_possible(void);

/* Starts it before there is a leader: it connects meanwhile. root is the path of the pod's root directory.
 * With interfaces, machined is told about the pod only after registration_set_interfaces. */
int registration_start(Registration *g, const char *uuid, const char *root, bool interfaces);
/* With the limits of the whole pod, which systemd sets on its scope, and what stops it if it is not what
 * stops the supervisors of rkt; 0: it is. */
void registration_set_leader(Registration *g, pid_t leader, const PlanLimits *limits, int stop_signal);
/* Numbers of the host's interfaces that lead to the pod, separated by spaces; NULL: the pod ends before it
 * has any, and machined need not know it. */
void registration_set_interfaces(Registration *g, const char *interfaces);
/* Reads what it has said. Logs its warnings. */
void registration_read(Registration *g);
/* For a pod in the cgroup of a unit that goes on after the pod: machined would keep the name until that
 * ends. */
void registration_undo(const char *uuid);
