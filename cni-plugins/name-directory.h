/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The names of a network's containers: a file in the form of hosts(5) for each interface of a container,
 *
 *      /run/rkt/names/NETWORK/hosts/CONTAINER:INTERFACE
 *
 * which dnsmasq sees coming and going by itself (hostsdir). Beside hosts lie the configuration of a dnsmasq
 * of the network's own, and its process number. */

#include <stdbool.h>

#include "cni-plugin.h"

#define NAME_DIRECTORY "/run/rkt/names"

typedef struct NameDirectory {
        char *path;  /* of the network */
        char *hosts; /* below it */
        int lock;    /* held: who looks whether anybody is left must not meet who comes */
} NameDirectory;

/* Locked; made if there is none. */
int name_directory_open(const char *network, NameDirectory *ret);
/* Removes it all if no names are left. */
void name_directory_close(NameDirectory *d);
#define _cleanup_name_directory_ _cleanup_(name_directory_close)

/* text: lines of ADDRESS and names. It is there as a whole or not at all. */
int name_directory_write(
                const NameDirectory *d, const char *container_id, const char *ifname, const char *text);
bool name_directory_has(
                const NameDirectory *d, const char *container_id, const char *ifname, const char *text);
int name_directory_remove(const NameDirectory *d, const char *container_id, const char *ifname);
/* Removes what belongs to no attachment that c calls valid. */
int name_directory_collect(const NameDirectory *d, const CniCall *c);
bool name_directory_is_empty(const NameDirectory *d);
