/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files of the daemon's state directory, CONTAINER:NETWORK:INTERFACE: the request and the server's message.
 */

#include "dhcp-attachment.h"

typedef struct DhcpSaved {
        uint8_t *ack; /* allocated */
        size_t ack_size;
        uint64_t bound;
        uint8_t server_mac[DHCP_MAC_SIZE];
} DhcpSaved;

int dhcp_state_save(const Attachment *a);
void dhcp_state_remove(const Attachment *a);
/* Logs. *ret_request is to be given to dhcp_request_done, and ret->ack to be freed, in any case. */
int dhcp_state_load(
                const DhcpSettings *settings, const char *file, DhcpRequest *ret_request, DhcpSaved *ret);
