/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Plugins whose network is one interface in the container: what they share around the making of it. */

#include "cni-interface.h"

typedef struct SingleLink {
        const char *kind;    /* as the kernel calls it; NULL: any */
        bool needs_ipam;     /* without addresses it makes no sense */
        bool takes_previous; /* without ipam, the addresses of prevResult are for this interface */
        unsigned address_flags;
        /* Reads its part of the configuration, makes the interface, and gives it as it is in the container.
         * What it made before a failure it removes. */
        int (*make)(CniCall *c, CniSides *s, Link *ret);
        /* NULL: deletes the interface of the call, where it is. */
        int (*remove)(CniCall *c, CniSides *s);
        /* What the kind has beyond addresses and routes; may be NULL. */
        int (*check)(CniCall *c, CniSides *s, const Link *l);
} SingleLink;

int single_link_add(CniCall *c, const SingleLink *kind, CniResult *result);
int single_link_del(CniCall *c, const SingleLink *kind);
int single_link_check(CniCall *c, const SingleLink *kind);

/* The whole of a plugin that makes nothing else. */
int single_link_main(const char *name, const SingleLink *kind);

/* An interface that others stand on: by name, or, without one, that of a default route. In the container's
 * namespace with in_container. */
int master_get(CniCall *c, CniSides *s, const char *name, bool in_container, Link *ret);
/* An MTU of the configuration may not be larger than that of what it stands on. */
int master_check_mtu(CniCall *c, const Link *master, int64_t mtu);

/* Makes spec, which stands on master, in the container, under the name of the call. */
int master_make_link(CniCall *c, CniSides *s, const LinkSpec *spec, const Link *master, bool in_container,
                Link *ret);
