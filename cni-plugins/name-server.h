/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A dnsmasq for one network: a unit of systemd's, rkt-dnsname@NETWORK.service, since it serves pods of many
 * units and must not end with one of them; on a host without systemd a process that is left alone. All with
 * the network's directory locked. */

#include "name-directory.h"

typedef struct NameServer {
        const NameDirectory *directory;
        const char *network;
        char *const *addresses; /* where it answers */
        const char *domain;     /* that names without a dot are in; NULL: none */
} NameServer;

bool name_server_is_installed(void);
/* Starts it, or again if it is to answer otherwise than it does. Returns when it answers. -ECHILD if it does
 * not start. */
int name_server_start(const NameServer *s);
bool name_server_runs(const NameDirectory *d);
int name_server_stop(const NameDirectory *d, const char *network);
