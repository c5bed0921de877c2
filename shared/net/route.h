/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Addresses of interfaces, routes and rules: ip-address(8), ip-route(8), ip-rule(8). All return 0 or the
 * kernel's negative errno. */

#include <linux/rtnetlink.h>

#include "ip-address.h"
#include "netlink.h"

/* flags: IFA_F_…, such as IFA_F_NODAD. */
int address_add(Netlink *n, int index, const IpPrefix *p, unsigned flags);
int address_delete(Netlink *n, int index, const IpPrefix *p);

typedef struct LinkAddress {
        IpPrefix address;
        unsigned flags; /* IFA_F_… */
        unsigned scope; /* RT_SCOPE_… */
} LinkAddress;
/* Those of one interface; family 0: of both. Allocated. */
int address_list(Netlink *n, int index, int family, LinkAddress **ret, size_t *ret_n);

typedef struct Route {
        IpPrefix destination; /* host bits do not matter */
        IpAddress gateway;    /* family 0: none */
        IpAddress source;     /* preferred; family 0: none */
        int index;            /* of the interface */
        unsigned table;       /* 0: main */
        int scope;            /* RT_SCOPE_…, -1: what fits: link without a gateway, else universe */
        uint8_t protocol;     /* RTPROT_…, 0: boot, as what administrators add */
        uint8_t type;         /* RTN_…, 0: unicast */
        unsigned flags;       /* RTNH_F_ONLINK */
        uint32_t priority, mtu, advmss; /* 0: the kernel's choice */
} Route;

int route_add(Netlink *n, const Route *r);
/* May stand beside others to the same destination; that it is there already is fine. */
int route_add_beside(Netlink *n, const Route *r);
int route_delete(Netlink *n, const Route *r);
typedef int (*RouteEach)(const Route *r, void *data);
/* All routes of a family and a table (0: of every table); only those with one way. */
int route_each(Netlink *n, int family, unsigned table, RouteEach each, void *data);

/* The interface through which the host sends to an address. */
int route_find(Netlink *n, const IpAddress *to, int *ret_index);

/* A rule that sends what comes from an address to a table. */
int rule_add(Netlink *n, const IpPrefix *from, unsigned table);
int rule_delete(Netlink *n, const IpPrefix *from, unsigned table);
typedef int (*RuleEach)(int family, const IpPrefix *from, unsigned table, void *data);
int rule_each(Netlink *n, int family, RuleEach each, void *data);
