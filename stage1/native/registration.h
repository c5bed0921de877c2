/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The program rkt-register, which has systemd make the pod's scope and tells machined about it, while we go
 * on. It says what it has done line by line on its standard output:
 *
 *      cgroup PATH      the leader is in its cgroup
 *      machine NAME     machined knows the pod
 *      warning TEXT
 */

#include <stdbool.h>
#include <sys/types.h>

#include "plan.h"

typedef struct Registration {
        pid_t pid;    /* 0: not running (any more) */
        int in;       /* takes the leader's number; or -1 */
        int out;      /* -1: it has said everything */
        char *cgroup; /* NULL: not known yet */
        char buffer[4096];
        size_t used;
} Registration;

/* Whether systemd runs this host, as sd_booted(3) decides. */
bool registration_possible(void);

/* Starts it before there is a leader: it connects meanwhile. root is the path of the pod's root directory.
 */
int registration_start(Registration *g, const char *uuid, const char *root);
/* With the limits of the whole pod, which systemd sets on its scope. */
int registration_set_leader(Registration *g, pid_t leader, const PlanLimits *limits);
/* Reads what it has said. Logs its warnings. */
void registration_read(Registration *g);
/* Waits for its end. 0, or -EIO if it failed (it has said why itself). */
int registration_wait(Registration *g);
/* For a pod in the cgroup of a unit that goes on after the pod: machined would keep the name until that
 * ends. */
void registration_undo(const char *uuid);
