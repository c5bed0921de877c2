/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Network interfaces: ip-link(8). All return 0 or the kernel's negative errno; netlink_error says
 * why in its words. */

/* in this order: the other way round they contradict each other */
#include <net/if.h>
#include <netinet/in.h>

#include <linux/if.h>

#include <stdbool.h>
#include <stdint.h>

#include "netlink.h"

#define MAC_SIZE     6
#define MAC_TEXT_MAX 18

typedef struct Link {
        int index;
        char name[IFNAMSIZ];
        char alias[128];
        char kind[32];  /* "bridge", "veth", …; "" for a device of hardware and for lo */
        unsigned flags; /* IFF_… */
        uint32_t mtu;
        uint32_t promiscuity;
        uint32_t tx_queue_length;
        int master;                /* index, 0: none */
        int peer;                  /* index of the other end or of the device below, 0: none */
        uint8_t operational_state; /* IF_OPER_… */
        uint8_t mac[MAC_SIZE];
        bool has_mac;
        /* of its kind: macvlan and ipvlan mode, vlan's id, vrf's table; -1: not said */
        int64_t mode, vlan_id, vrf_table;
} Link;

/* -ENODEV if there is none of that name or index. */
int link_get(Netlink *n, const char *name, Link *ret);
int link_get_by_index(Netlink *n, int index, Link *ret);
typedef int (*LinkEach)(const Link *l, void *data);
int link_each(Netlink *n, LinkEach each, void *data);
/* "" if it has none. Returns buffer. */
const char *link_mac_format(const Link *l, char buffer[static MAC_TEXT_MAX]);
int mac_parse(const char *text, uint8_t ret[static MAC_SIZE]);

/* What a new interface is like; what is 0 is left to the kernel. */
typedef struct LinkSpec {
        const char *name;
        const char *kind;
        uint32_t mtu;
        const uint8_t *mac;
        int master;   /* index */
        int below;    /* index of the device it stands on (IFLA_LINK) */
        int netns_fd; /* where it shall be; 0: in the socket's namespace */
        bool up;
        void (*put_data)(struct nl_msg *m, const void *data); /* IFLA_INFO_DATA of the kind */
        const void *data;
} LinkSpec;

int link_add(Netlink *n, const LinkSpec *spec);
int link_delete(Netlink *n, int index);
/* The attributes of a spec except kind and data, for what describes a peer. */
void link_put_spec(struct nl_msg *m, const LinkSpec *spec);

int link_set_flags(Netlink *n, int index, unsigned flags, unsigned mask);
static inline int link_set_up(Netlink *n, int index) {
        return link_set_flags(n, index, IFF_UP, IFF_UP);
}
int link_set_u32(Netlink *n, int index, int attribute, uint32_t value); /* IFLA_MTU, IFLA_MASTER, … */
int link_set_mac(Netlink *n, int index, const uint8_t mac[static MAC_SIZE]);
int link_set_name(Netlink *n, int index, const char *name);
int link_set_alias(Netlink *n, int index, const char *alias);
/* Moves it into the namespace, under a new name if there is one. */
int link_move(Netlink *n, int index, int netns_fd, const char *name);

/* Ports of a bridge. */
int link_set_hairpin(Netlink *n, int index, bool on);
int link_add_vlans(Netlink *n, int index, unsigned first, unsigned last, bool untagged);
int link_delete_vlans(Netlink *n, int index, unsigned first, unsigned last);

/* Makes a pair: the spec's end by the socket's namespace, the peer's where its netns_fd says. */
int veth_add(Netlink *n, const LinkSpec *host, const LinkSpec *peer);
/* "veth" and 8 hexadecimal digits at random. Returns buffer. */
const char *veth_random_name(char buffer[static IFNAMSIZ]);
