/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "boot.h"
#include "pod-root.h"

/* The life of a pod's PID 1, in the process that was cloned for it. Ends with the status of the first app
 * that failed, 0 if none did, 254 if the pod could not be set up. */
_noreturn_ void pid1_run(const Boot *b);

/* First in a process that becomes a PID 1: away from the caller's terminal, out of the reach of the pod. */
int pid1_prepare(void);
/* A terminal in the pod: root->console, and its master for the outer supervisor.
 * Logs. */
int pid1_open_terminal(const Boot *b, PodRoot *root, int *ret_slave);
