/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/* A running pod's PID 1, for the entry points that act on it. Working directory: the pod's. */

/* The recorded number. -ENOENT: the pod has not been started. Logs. */
int leader_read_pid(pid_t *ret);
/* The same from another file of the pod. */
int leader_read_number(const char *file, pid_t *ret);

/* Opens it and makes sure that it is this pod's: numbers are used again, a root directory is not. -ESRCH: it
 * has ended. Logs anything else. */
int leader_open(pid_t pid, int *ret_pidfd);

/* Where PID 1 is the init of the pod's image, its root is the image's, and it obeys other signals: its pid
 * namespace and the signal that asks it to stop, in the stage1's root. */
#define LEADER_INIT "rkt/init"
int leader_write_init(pid_t pid, int stage1, int stop_signal);
/* What asks the pod's PID 1 to stop: as it is there, or otherwise. Logs. */
int leader_stop_signal(int otherwise, int *ret);
