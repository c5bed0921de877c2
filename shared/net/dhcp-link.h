/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An interface in another network namespace as a client of DHCP uses it: packet(7), since it has no address
 * at first. Open only while something is to be sent or awaited, as each descriptor keeps the namespace. */

#include "cni-result.h"
#include "dhcp-frame.h"

typedef struct DhcpLink {
        int socket; /* to be polled for input; -1: not open */
        int port;   /* keeps the kernel from saying that nobody listens */
        int index;
        uint8_t mac[DHCP_MAC_SIZE];
        bool ipvlan; /* shares its MAC address with others */
} DhcpLink;

#define DHCP_LINK_NONE                                                                                      \
        { .socket = -1, .port = -1 }

/* -ENOENT: no such namespace, -ENODEV: no such interface in it. Brings the interface up. */
int dhcp_link_open(const char *netns, const char *ifname, DhcpLink *ret);
void dhcp_link_close(DhcpLink *l);

/* mac NULL: to all. */
int dhcp_link_send(const DhcpLink *l, const uint8_t *mac, const DhcpPath *path, const void *message,
                size_t size);
/* One message of those that have arrived: its size, and who on the link has sent it. 0 if what arrived is
 * none for a client, -EAGAIN if nothing has. */
ssize_t dhcp_link_receive(const DhcpLink *l, uint8_t message[static DHCP_FRAME_MAX],
                uint8_t ret_mac[static DHCP_MAC_SIZE]);

/* Removes the address old from the interface, and sets the one of now and its routes; each may be NULL. That
 * they are so already is fine. */
int dhcp_link_configure(const char *netns, const char *ifname, const IpPrefix *old, const CniResult *now);
/* Makes the MTU smaller if it is larger. */
int dhcp_link_limit_mtu(const char *netns, const char *ifname, unsigned mtu);
