/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/* The processes of a running pod, for the entry points that act on it. Working directory: the pod's. */
typedef struct Members {
        pid_t pid;      /* of the app's main process */
        int app;        /* pidfd of it */
        int supervisor; /* pidfd of its parent, which is this pod's supervisor */
} Members;

/* Opens them and makes sure that they are this pod's: numbers are used again. -ESRCH: the app has ended.
 * Logs anything else. */
int members_open(pid_t pid, Members *ret);
void members_close(Members *m);
/* The supervisor alone, whatever it runs now. Logs anything but -ESRCH: it has ended. */
int supervisor_open(int *ret_pidfd);
