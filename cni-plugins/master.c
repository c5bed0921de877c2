/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "route.h"
#include "single-link.h"

static int take_default_route(const Route *r, void *data) {
        int *index = data;
        if (!*index && r->destination.length == 0 && r->type == RTN_UNICAST)
                *index = r->index;
        return 0;
}

static int find_default(CniCall *c, Netlink *n, int *ret) {
        *ret = 0;
        int r = route_each(n, AF_INET, RT_TABLE_MAIN, take_default_route, ret);
        if (r >= 0 && !*ret)
                r = route_each(n, AF_INET6, RT_TABLE_MAIN, take_default_route, ret);
        if (r < 0)
                return cni_fail(c, CNI_INTERNAL, "cannot list routes: %s", netlink_error(n));
        return *ret ? 0 : cni_fail(c, CNI_INTERNAL, "no default route interface found");
}

int master_get(CniCall *c, CniSides *s, const char *name, bool in_container, Link *ret) {
        Netlink *n = in_container ? s->container : s->host;
        int index, r;
        if (isempty(name)) {
                r = find_default(c, n, &index);
                if (r < 0)
                        return r;
                r = link_get_by_index(n, index, ret);
        } else
                r = link_get(n, name, ret);
        if (r == -ENODEV)
                return cni_fail(c, CNI_INTERNAL, "failed to lookup master \"%s\": Link not found",
                                name ? name : "");
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "failed to lookup master \"%s\": %s", name ? name : "",
                                       netlink_error(n))
                     : 0;
}

int master_check_mtu(CniCall *c, const Link *master, int64_t mtu) {
        if (mtu < 0 || mtu > master->mtu)
                return cni_fail(c, CNI_INTERNAL, "invalid MTU %d, must be [0, master MTU(%u)]", (int) mtu,
                                master->mtu);
        return 0;
}

/* The kernel refuses a name that the namespace of the socket has already, though the interface is to be in
 * another: it gets its name there. */
static int make_on_host(CniSides *s, const LinkSpec *spec, const char *name, Link *ret) {
        char temporary[IFNAMSIZ];
        LinkSpec in_container = *spec;
        in_container.name = veth_random_name(temporary);
        in_container.netns_fd = s->netns_fd;
        int r = link_add(s->host, &in_container);
        if (r < 0)
                return r;
        r = link_get(s->container, temporary, ret);
        if (r >= 0)
                r = link_set_name(s->container, ret->index, name);
        if (r < 0)
                link_delete(s->container, ret->index);
        return r;
}

int master_make_link(CniCall *c, CniSides *s, const LinkSpec *spec, const Link *master, bool in_container,
                Link *ret) {
        LinkSpec named = *spec;
        named.name = c->ifname;
        named.below = master->index;
        if (link_get(s->container, c->ifname, ret) >= 0)
                return cni_fail(c, CNI_INTERNAL, "failed to create %s: \"%s\" already exists", spec->kind,
                                c->ifname);
        int r = in_container ? link_add(s->container, &named) : make_on_host(s, &named, c->ifname, ret);
        if (r >= 0)
                r = link_get(s->container, c->ifname, ret);
        if (r < 0)
                return cni_fail_errno(c, r, "failed to create %s on %s", spec->kind, master->name);
        return 0;
}
