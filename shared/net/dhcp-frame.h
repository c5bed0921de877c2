/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* IPv4 and UDP around messages of DHCP: whoever has no address yet cannot let the kernel do it. */

#include "dhcp-message.h"

#define DHCP_FRAME_MAX (DHCP_MESSAGE_MAX + 28)

/* From and to which address; family 0 of source: 0.0.0.0, of destination: to all on the link. */
typedef struct DhcpPath {
        IpAddress source, destination;
} DhcpPath;

/* What goes on the wire behind the Ethernet header; returns its size. message has at most DHCP_MESSAGE_MAX.
 */
size_t dhcp_frame_write(const DhcpPath *path, const void *message, size_t size,
                uint8_t frame[static DHCP_FRAME_MAX]);

/* The message in a frame that came to the client's port, and its size. NULL for anything else and for what
 * was damaged; with unfinished, as the kernel says of what comes from this host, the checksum is not there
 * yet. */
const uint8_t *dhcp_frame_read(const uint8_t *frame, size_t size, bool unfinished, size_t *ret_size);
