/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* fork(2) with namespaces and a cgroup: clone3(2) with CLONE_PIDFD. flags are CLONE_NEW…; cgroup is a
 * descriptor of the cgroup directory that the child starts in, or -1. Returns the child's pid to the parent
 * with *ret_pidfd set, 0 to the child, a negative errno on failure. */
pid_t namespaces_fork(uint64_t flags, int cgroup, int *ret_pidfd);

/* Brings up lo in the network namespace of the process. */
int namespaces_loopback_up(void);

int pidfd_signal(int pidfd, int signal); /* -ESRCH when the process has gone */
