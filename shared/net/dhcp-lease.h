/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a server's OFFER or ACK gives: RFC 2132, RFC 3397 (search list), RFC 3442 (classless routes). */

#include "cni-result.h"
#include "dhcp-message.h"

#define DHCP_FOREVER UINT32_MAX

typedef struct DhcpLease {
        IpAddress server;
        uint32_t lifetime, renew_after, rebind_after; /* seconds; DHCP_FOREVER: no end */
        unsigned mtu;                                 /* 0: not said */
        CniResult result;                             /* one address, its routes, and DNS */
} DhcpLease;

/* -EINVAL with *ret_why (allocated) if it cannot be used: no address, server, lease time or subnet mask.
 * Parts that make no sense are left out. */
int dhcp_lease_from_message(const DhcpMessage *m, DhcpLease *ret, char **ret_why);
void dhcp_lease_done(DhcpLease *l);
#define _cleanup_dhcp_lease_ _cleanup_(dhcp_lease_done)

const IpPrefix *dhcp_lease_address(const DhcpLease *l);
