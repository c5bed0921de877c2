/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The program rkt-netplug, which puts the pod into its networks while systemd makes its scope. It says
 * "interface NUMBER" for each interface of the host that leads to the pod and, if it is asked to, "host
 * ADDRESS", by which the pod reaches the host. */

#include <stdbool.h>

#include "helper.h"

typedef struct Network {
        Helper helper;
        char **options;   /* of ours, which it is to be given */
        char *interfaces; /* their numbers, separated by spaces */
        char *host;       /* an address at which the pod reaches this host; NULL: none, or not asked for */
} Network;

/* Of the options of an entry point, those that it takes, too; a strv. */
char **network_options(bool debug, const char *local_config);
/* Starts it before there is a pod: it reads the configuration meanwhile. options: a strv, which is copied.
 * host: ask for the address, too. */
int network_start(Network *n, const char *uuid, char *const *options, bool host);
/* The pod's directory is as it must be, and the namespace is that of this process. */
void network_set_leader(Network *n, pid_t leader);
void network_read(Network *n);
/* For a pod that ended without us: 0 also if there was nothing to do. Logs; -EIO. */
int network_leave(const char *uuid, char *const *options);
/* After the pod has ended, or has not begun: begins to take it out of its networks. */
void network_undo(Network *n, const char *uuid);
void network_done(Network *n); /* waits for that */
