/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What plugins that make an interface have in common: both namespaces open, addresses and routes set, and
 * all of it compared with prevResult for CHECK. Failures are said with cni_fail. */

#include "cni-plugin.h"
#include "link.h"

typedef struct CniSides {
        int netns_fd;
        Netlink *host, *container;
} CniSides;

#define CNI_SIDES_NONE                                                                                      \
        { .netns_fd = -1 }
void cni_sides_done(CniSides *s);
#define _cleanup_cni_sides_ _cleanup_(cni_sides_done)

int cni_sides_open(CniCall *c, CniSides *ret);
/* For DEL: 0 if the namespace is gone or none was named, and with it what was in it; else 1. */
int cni_sides_open_if_there(CniCall *c, CniSides *ret);

/* Adds an interface with its MAC and MTU to the result; sandbox NULL: on the host. */
CniInterface *cni_add_interface(CniResult *result, const Link *l, const char *sandbox);

/* Sets all addresses and routes of the result on the container's interface, which is brought up. Every
 * address must be that interface's. address_flags as address_add's; without IFA_F_NODAD it waits until IPv6
 * addresses can be used. */
int cni_configure(CniCall *c, CniSides *s, const Link *l, const CniResult *result, unsigned address_flags);
/* Its last part alone: the routes. */
int cni_configure_routes(CniCall *c, CniSides *s, const Link *l, const CniResult *result);
/* All addresses belong to interfaces[index]. */
void cni_assign_addresses(CniResult *result, int index);
/* Switches on forwarding on the host, of which host is a socket, for the families of the addresses. */
int cni_enable_forwarding(CniCall *c, Netlink *host, const CniResult *result);

/* Deletes the container's interface, the last thing that is done in the container; that it is not there is
 * fine. */
int cni_delete_interface(CniCall *c, CniSides *s);

/* CHECK: the interface of the call in prevResult, in the container, of that kind (NULL: any), with its MAC.
 */
int cni_check_interface(CniCall *c, CniSides *s, const char *kind, Link *ret);
/* The addresses of prevResult on the interface, and its routes. */
int cni_check_addresses(CniCall *c, CniSides *s, const Link *l);
int cni_check_routes(CniCall *c, CniSides *s);
/* All three. */
int cni_check(CniCall *c, CniSides *s, const char *kind, Link *ret);
