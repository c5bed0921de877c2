/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where processes are in systemd's cgroup hierarchy: the unified one, or name=systemd on a host that still
 * boots with cgroup v1. */

#include <stdbool.h>
#include <sys/types.h>

/* Whether there is no other. */
bool cgroup_is_unified(void);

/* Where that hierarchy is mounted. */
const char *cgroup_mount_point(void);

/* The cgroup of a process as this process's cgroup namespace shows it: "/machine.slice/x.scope". pid 0: this
 * process. *ret is allocated. -ESRCH if there is no such process. */
int cgroup_of_process(pid_t pid, char **ret);

/* Makes the kernel ready to move a process between cgroups, in the background.
 *
 * The first such move after a quiet moment waits for an RCU grace period (5 to 20 ms), since the lock that
 * keeps threads from being born meanwhile is made for the readers, fork(2) and exit(2); the next ones, for
 * about as long, do not wait (percpu_rw_semaphore in the kernel's cgroup_attach_lock). systemd cannot start
 * a scope without moving a process, so a program that is going to ask it for one calls this first, and the
 * wait passes while it does other things. A child process moves itself to the cgroup that it is in already;
 * nothing changes but the state of that lock. Failure does no harm and is not reported.
 *
 * With announce, the program that this one executes next does not do it again: it finds, and removes, the
 * environment variable RKT_CGROUP_WARM. */
void cgroup_warm_up(bool announce);
