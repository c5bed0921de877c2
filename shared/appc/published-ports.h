/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The ports of the host that a pod asks for, and where they lead (inventory 6.3). */

#include <stddef.h>

#include "pod-manifest.h"

typedef struct PublishedPort { /* its strings are the manifest's */
        const char *name;
        const char *protocol; /* tcp, udp or sctp */
        const char *host_ip;  /* NULL: every address */
        uint16_t host_port, port;
        uint32_t count; /* that many, one after the other; both stay below 65536 */
} PublishedPort;

/* Of the pod's ports all but those that are socket-activated, which need no way from the host. Each of the
 * pod's apps must have its app section. -EINVAL with *ret_error (allocated): a name that no app has, or more
 * than one, another protocol, more ports than there are, or a port of the host twice. *ret is to be freed.
 */
int published_ports_resolve(const PodManifest *m, PublishedPort **ret, size_t *ret_n, char **ret_error);
