/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Registration with systemd-machined. See org.freedesktop.machine1(5). */

#include <sys/types.h>

#include "connection.h"

typedef struct Machine {
        const char *name;    /* "rkt-UUID" */
        const uint8_t *id;   /* 16 bytes, the machine's /etc/machine-id */
        const char *service; /* who registers it: "rkt" */
        pid_t leader;
        const char *root;          /* its root directory as the host sees it; "" if there is none */
        const int32_t *interfaces; /* indexes of host's network interfaces that belong to it */
        size_t n_interfaces;
} Machine;

/* Lets the bus start machined if it is not running, without waiting for it. */
int bus_machine_wake(Bus *bus);

/* Registers a machine, which must be in the cgroup of its unit already: machined looks there to know which
 * unit it is. leader_fd is the leader's pidfd; if the leader ends before machined answers, the registration
 * is taken back. -ESRCH then, -ETIMEDOUT at the deadline, -ENOTCONN without a system bus; else what machined
 * or the bus said, with its words in *ret_message (allocated or left alone). */
int bus_machine_register(Bus *bus, const Machine *machine, int leader_fd, char **ret_message);

/* Takes a registration back. 0 also if there is none, and if machined is not running. */
int bus_machine_unregister(Bus *bus, const char *name, char **ret_message);
