/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A client of DHCP (RFC 2131, section 4.4) without sockets and clocks of its own: it is told the time and
 * what has arrived, and says what to send and when it wants to be called again. Times are nanoseconds of
 * CLOCK_BOOTTIME: a lease ends while a host sleeps, too. */

#include "dhcp-frame.h"
#include "dhcp-lease.h"

#define DHCP_NEVER UINT64_MAX

typedef enum DhcpState {
        DHCP_STATE_SELECTING,
        DHCP_STATE_REQUESTING,
        DHCP_STATE_BOUND,
        DHCP_STATE_RENEWING,
        DHCP_STATE_REBINDING,
} DhcpState;

typedef enum DhcpEvent {
        DHCP_EVENT_NONE,
        DHCP_EVENT_SEND, /* the packet is to be sent */
        DHCP_EVENT_GOT,  /* lease is valid from now on: new, or for longer */
        DHCP_EVENT_LOST, /* lease may not be used any more; the client goes on to look for another */
} DhcpEvent;

/* What a client says of itself in every message. */
typedef struct DhcpIdentity {
        uint8_t mac[DHCP_MAC_SIZE];
        bool broadcast;
        uint8_t options[1024]; /* that it provides: code, size and bytes of each */
        size_t options_size;
        uint8_t parameters[255]; /* codes of options that it asks for */
        size_t n_parameters;
} DhcpIdentity;

/* An option that is provided, instead of what there was under its code. -ENOBUFS: more than fits. */
int dhcp_identity_provide(DhcpIdentity *id, uint8_t code, const void *data, size_t size);

typedef struct DhcpPacket {
        DhcpWriter message;
        DhcpPath path;
} DhcpPacket;

typedef struct DhcpClient {
        DhcpIdentity identity;
        uint64_t delay_max; /* between two attempts */
        DhcpState state;
        uint64_t next; /* when dhcp_client_run has something to do */

        uint32_t xid;
        uint64_t begun, sent; /* the exchange, and its last request */
        unsigned tries;
        IpAddress wanted, chosen_server; /* as in the offer; wanted also: what it had before */

        bool has_lease; /* also while it is renewed */
        DhcpLease lease;
        uint8_t *ack; /* the message that the lease came in */
        size_t ack_size;
        uint64_t bound; /* when the lease began */
} DhcpClient;

void dhcp_client_done(DhcpClient *c);

/* Forgets the lease and looks for one. */
void dhcp_client_start(DhcpClient *c, uint64_t now);
/* Goes on with a lease that an earlier one has got. -EBADMSG if that is none. It may be over: then the next
 * dhcp_client_run says so. */
int dhcp_client_resume(DhcpClient *c, const uint8_t *ack, size_t size, uint64_t bound);

/* To be called when next is over, until next is in the future. */
DhcpEvent dhcp_client_run(DhcpClient *c, uint64_t now, DhcpPacket *ret);
/* What has arrived; whatever is not for this client is ignored. */
DhcpEvent dhcp_client_receive(
                DhcpClient *c, uint64_t now, const uint8_t *data, size_t size, DhcpPacket *ret);
/* The message that gives the lease back, which must be there. */
void dhcp_client_release(DhcpClient *c, DhcpPacket *ret);
