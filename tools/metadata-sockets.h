/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The sockets that the metadata service listens on: systemd's, or its own. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct MetadataSockets {
        int *registration; /* of AF_UNIX */
        size_t n_registration;
        int *public;
        size_t n_public;
        bool passed; /* all of them: systemd goes on listening when we end */
        bool made;   /* METADATA_SOCKET is ours */
} MetadataSockets;

/* Sockets of a kind that systemd has not passed are made: METADATA_SOCKET, and the port at all addresses.
 * Logs. */
int metadata_sockets_open(MetadataSockets *ret, uint16_t port);
/* Removes the path of the one that was made. The descriptors are the servers' by then. */
void metadata_sockets_done(MetadataSockets *s);
