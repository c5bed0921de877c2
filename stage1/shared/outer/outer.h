/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The part of run that stays outside of the pod: it has PID 1 put in a cgroup, lets it go, passes signals on
 * and waits. */

#include <sys/types.h>

#include "boot.h"
#include "metadata.h"
#include "network.h"
#include "registration.h"

typedef struct Outer {
        const Boot *boot;
        pid_t pid; /* PID 1, seen from here */
        int pidfd;
        pid_t helper_pid;           /* makes the mounts of a pod with a user namespace; or 0 */
        int helper;                 /* its pidfd, -1 */
        Registration *registration; /* NULL: this host has no systemd */
        Network *network;           /* NULL: that of the host, or none */
        Metadata *metadata;         /* NULL: the metadata service does not know the pod */
        const char *cgroup;         /* without systemd: the pod's cgroup; or NULL */
        bool *again;                /* set when an image's init asks to be booted again */
        int log_requests, log_dir;  /* log-files.h; -1: the pod has no log directory */
} Outer;

/* Blocks the signals that are passed on: from here on, they stay pending until outer_run looks at them. */
void outer_block_signals(void);
/* Returns the exit status of the pod. */
int outer_run(const Outer *o);
