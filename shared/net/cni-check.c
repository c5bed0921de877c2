/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <strings.h>

#include "alloc.h"
#include "cni-interface.h"
#include "route.h"

static const CniInterface *find_previous(const CniCall *c) {
        for (size_t i = 0; i < c->previous.n_interfaces; i++) {
                const CniInterface *f = &c->previous.interfaces[i];
                if (streq(f->name, c->ifname) && f->sandbox && streq(f->sandbox, c->netns))
                        return f;
        }
        return NULL;
}

int cni_check_interface(CniCall *c, CniSides *s, const char *kind, Link *ret) {
        char mac[MAC_TEXT_MAX];
        if (!c->has_previous)
                return cni_fail(c, CNI_INTERNAL, "Required prevResult missing");
        const CniInterface *f = find_previous(c);
        if (!f)
                return cni_fail(c, CNI_INTERNAL,
                                "Sandbox in prevResult doesn't match configured netns: %s has no %s",
                                c->netns, c->ifname);
        if (link_get(s->container, c->ifname, ret) < 0)
                return cni_fail(c, CNI_INTERNAL, "Container Interface name in prevResult: %s not found",
                                c->ifname);
        if (kind && !streq(ret->kind, kind))
                return cni_fail(c, CNI_INTERNAL, "Error: Container interface %s not of type %s", c->ifname,
                                kind);
        if (f->mac && strcasecmp(f->mac, link_mac_format(ret, mac)) != 0)
                return cni_fail(c, CNI_INTERNAL, "Interface %s Mac %s doesn't match container Mac: %s",
                                c->ifname, f->mac, mac);
        return 0;
}

int cni_check_addresses(CniCall *c, CniSides *s, const Link *l) {
        _cleanup_free_ LinkAddress *addresses = NULL;
        char text[IP_PREFIX_TEXT_MAX];
        size_t n = 0;
        int r = address_list(s->container, l->index, 0, &addresses, &n);
        if (r < 0)
                return cni_fail(c, CNI_INTERNAL, "Cannot obtain List of IP Addresses: %s",
                                netlink_error(s->container));
        for (size_t i = 0; i < c->previous.n_ips; i++) {
                const IpPrefix *p = &c->previous.ips[i].address;
                bool found = false;
                for (size_t k = 0; k < n && !found; k++)
                        found = ip_equal(&addresses[k].address.address, &p->address) &&
                                addresses[k].address.length == p->length;
                if (!found)
                        return cni_fail(c, CNI_INTERNAL, "Failed to match addr %s on interface %s",
                                        ip_prefix_format(p, text), l->name);
        }
        return 0;
}

typedef struct Search {
        const CniRoute *route;
        IpAddress destination;
        bool found;
} Search;

static int compare_route(const Route *r, void *data) {
        Search *s = data;
        s->found = s->found ||
                   (r->destination.length == s->route->destination.length &&
                                   ip_equal(&r->destination.address, &s->destination) &&
                                   (!s->route->gateway.family || ip_equal(&r->gateway, &s->route->gateway)));
        return 0;
}

int cni_check_routes(CniCall *c, CniSides *s) {
        char text[IP_PREFIX_TEXT_MAX];
        for (size_t i = 0; i < c->previous.n_routes; i++) {
                const CniRoute *route = &c->previous.routes[i];
                Search search = { .route = route, .destination = ip_prefix_first(&route->destination) };
                unsigned table = route->table > 0 ? route->table : RT_TABLE_MAIN;
                int r = route_each(s->container, route->destination.address.family, table, compare_route,
                                &search);
                ip_prefix_format(&route->destination, text);
                if (r < 0)
                        return cni_fail(c, CNI_INTERNAL, "Expected Route %s not route table lookup error %s",
                                        text, netlink_error(s->container));
                if (!search.found)
                        return cni_fail(c, CNI_INTERNAL, "Expected Route %s not found in routing table",
                                        text);
        }
        return 0;
}

int cni_check(CniCall *c, CniSides *s, const char *kind, Link *ret) {
        int r = cni_check_interface(c, s, kind, ret);
        if (r >= 0)
                r = cni_check_addresses(c, s, ret);
        return r < 0 ? r : cni_check_routes(c, s);
}
