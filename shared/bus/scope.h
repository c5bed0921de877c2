/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Transient scopes: a cgroup for processes that systemd did not start. See
 * org.freedesktop.systemd1(5), StartTransientUnit, and systemd.scope(5). */

#include <sys/types.h>

#include "connection.h"

typedef struct Scope {
        const char *name;  /* of the unit */
        const char *slice; /* the unit's slice */
        const char *description;
        pid_t leader;             /* the process to move into it */
        int stop_signal;          /* sent to all of its processes when it is stopped; 0: SIGTERM */
        uint64_t stop_timeout_ns; /* until SIGKILL; 0: the manager's default */
        char *const *limits;      /* lines for files of its cgroup, "memory.max=1048576"; NULL: none */
} Scope;

/* Starts the scope, delegated, and returns as soon as the leader is in its cgroup, whose path goes to
 * *ret_cgroup (allocated). The scope vanishes with its last process, even if it failed. leader_fd is the
 * leader's pidfd. -ESRCH if the leader ended first, -ETIMEDOUT at the deadline, -ENOTCONN if systemd cannot
 * be reached, else what systemd said, with its words in *ret_message (allocated or left alone). */
int bus_scope_start(Bus *bus, const Scope *scope, int leader_fd, char **ret_cgroup, char **ret_message);
