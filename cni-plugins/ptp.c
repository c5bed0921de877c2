/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A pair of links between host and container, with routes so that each sees only the other. */

#include <errno.h>
#include <linux/if_addr.h>

#include "ipam.h"
#include "masquerade.h"
#include "netns.h"
#include "own.h"
#include "route.h"

typedef struct PtpConfig {
        bool ip_masq;
        int64_t mtu;
} PtpConfig;

static int read_config(CniCall *c, PtpConfig *p) {
        *p = (PtpConfig){};
        const CniField fields[] = {
                { "ipMasq", CNI_BOOL, &p->ip_masq },
                { "mtu", CNI_INT, &p->mtu, 0, INT32_MAX },
        };
        return cni_call_read(c, fields, ELEMENTSOF(fields));
}

static int fail_in(CniCall *c, Netlink *n, const char *what, const char *name) {
        return cni_fail(c, CNI_INTERNAL, "%s \"%s\": %s", what, name, netlink_error(n));
}

static IpPrefix alone(const IpAddress *a) {
        return (IpPrefix){ .address = *a, .length = ip_bits(a->family) };
}

static int make_pair(CniCall *c, CniSides *s, const PtpConfig *p, Link *host, Link *container) {
        char name[IFNAMSIZ];
        if (link_get(s->container, c->ifname, container) >= 0)
                return cni_fail(c, CNI_INTERNAL, "container veth name (\"%s\") already exists", c->ifname);
        int r = -EEXIST;
        for (int tries = 0; tries < 10 && r == -EEXIST; tries++) {
                LinkSpec outer = { .name = veth_random_name(name), .mtu = p->mtu, .up = true };
                LinkSpec inner = { .name = c->ifname, .mtu = p->mtu, .netns_fd = s->netns_fd };
                r = veth_add(s->host, &outer, &inner);
        }
        if (r < 0)
                return fail_in(c, s->host, "failed to make veth pair for", c->ifname);
        if (link_get(s->host, name, host) < 0)
                return fail_in(c, s->host, "failed to lookup", name);
        if (link_get(s->container, c->ifname, container) < 0)
                return fail_in(c, s->container, "failed to look up", c->ifname);
        return 0;
}

static bool is_alone(const IpPrefix *p) {
        return p->length == ip_bits(p->address.family);
}

static int add_gateway_route(CniCall *c, CniSides *s, const Link *l, const CniAddress *a) {
        Route gateway = {
                .destination = alone(&a->gateway),
                .source = a->address.address,
                .index = l->index,
                .scope = RT_SCOPE_LINK,
        };
        if (!a->gateway.family)
                return cni_fail(c, CNI_INTERNAL, "IPAM plugin returned no gateway");
        int r = route_add(s->container, &gateway);
        return r < 0 ? fail_in(c, s->container, "failed to add the route to the gateway on", l->name) : 0;
}

/* The container asks its gateway for everything, its own network too: the route that came with the address
 * gives way to one through the gateway. */
static int route_through_gateway(CniCall *c, CniSides *s, const Link *l, const CniAddress *a) {
        Route own = { .destination = a->address, .index = l->index, .scope = -1 };
        Route network = {
                .destination = a->address,
                .gateway = a->gateway,
                .source = a->address.address,
                .index = l->index,
                .scope = RT_SCOPE_UNIVERSE,
        };
        if (route_delete(s->container, &own) < 0)
                return fail_in(c, s->container, "failed to delete the route of the network on", l->name);
        int r = add_gateway_route(c, s, l, a);
        if (r < 0)
                return r;
        r = route_add(s->container, &network);
        return r < 0 ? fail_in(c, s->container, "failed to add the route of the network on", l->name) : 0;
}

/* Routes of the result may lead over others in the network, so they come while it is still on the link. An
 * address without a network has only its gateway, which comes before them. */
static int configure_container(CniCall *c, CniSides *s, const Link *l, CniResult *result) {
        size_t n_routes = result->n_routes;
        result->n_routes = 0;
        int r = cni_configure(c, s, l, result, IFA_F_NODAD);
        result->n_routes = n_routes;
        for (size_t i = 0; r >= 0 && i < result->n_ips; i++)
                if (is_alone(&result->ips[i].address))
                        r = add_gateway_route(c, s, l, &result->ips[i]);
        if (r >= 0)
                r = cni_configure_routes(c, s, l, result);
        for (size_t i = 0; r >= 0 && i < result->n_ips; i++)
                if (!is_alone(&result->ips[i].address))
                        r = route_through_gateway(c, s, l, &result->ips[i]);
        return r;
}

static int configure_host(CniCall *c, CniSides *s, const Link *l, const CniResult *result) {
        int r = 0;
        for (size_t i = 0; r >= 0 && i < result->n_ips; i++) {
                const CniAddress *a = &result->ips[i];
                IpPrefix gateway = alone(&a->gateway);
                Route route = { .destination = alone(&a->address.address), .index = l->index, .scope = -1 };
                r = address_add(s->host, l->index, &gateway,
                                gateway.address.family == AF_INET6 ? IFA_F_NODAD : 0);
                if (r >= 0)
                        r = route_add(s->host, &route);
                if (r == -EEXIST)
                        r = 0;
        }
        return r < 0 ? fail_in(c, s->host, "failed to set address and route on", l->name) : 0;
}

static int attach(CniCall *c, CniSides *s, const PtpConfig *p, CniResult *result, Link *host) {
        Link container;
        int r = cni_enable_forwarding(c, s->host, result);
        if (r >= 0)
                r = make_pair(c, s, p, host, &container);
        if (r < 0)
                return r;
        cni_add_interface(result, host, NULL);
        cni_add_interface(result, &container, c->netns);
        cni_assign_addresses(result, 1);
        r = configure_container(c, s, &container, result);
        if (r >= 0)
                r = configure_host(c, s, host, result);
        if (r >= 0 && p->ip_masq)
                r = masquerade_add(c, result);
        return r < 0 ? r : cni_call_configured_dns(c, result);
}

static int add(CniCall *c, CniResult *result) {
        _cleanup_cni_sides_ CniSides s = CNI_SIDES_NONE;
        PtpConfig config;
        Link host = {};
        int r = read_config(c, &config);
        if (r >= 0)
                r = cni_sides_open(c, &s);
        if (r >= 0)
                r = ipam_add(c, result);
        if (r < 0)
                return r;
        r = attach(c, &s, &config, result, &host);
        if (r < 0) {
                ipam_del(c);
                if (host.index)
                        link_delete(s.host, host.index);
                if (config.ip_masq)
                        masquerade_del(c);
        }
        return r;
}

static int del(CniCall *c) {
        _cleanup_cni_sides_ CniSides s = CNI_SIDES_NONE;
        PtpConfig config;
        int r = read_config(c, &config);
        if (r < 0)
                return r;
        /* as in bridge: the address is free only when nothing has it any more */
        int m = config.ip_masq ? masquerade_del(c) : 0;
        r = cni_sides_open_if_there(c, &s);
        if (r > 0)
                r = cni_delete_interface(c, &s);
        int k = ipam_del(c);
        return r < 0 ? r : k < 0 ? k : m;
}

static int check(CniCall *c) {
        _cleanup_cni_sides_ CniSides s = CNI_SIDES_NONE;
        PtpConfig config;
        Link l;
        int r = read_config(c, &config);
        if (r >= 0)
                r = cni_sides_open(c, &s);
        if (r >= 0)
                r = ipam_check(c);
        if (r >= 0)
                r = cni_check(c, &s, "veth", &l);
        return r >= 0 && config.ip_masq ? masquerade_check(c) : r;
}

static int gc(CniCall *c) {
        int r = ipam_gc(c), k = masquerade_gc(c);
        return r < 0 ? r : k;
}

static const CniPlugin plugin = {
        .name = "ptp",
        .add = add,
        .del = del,
        .check = check,
        .status = ipam_status,
        .gc = gc,
};

int cni_ptp(void) {
        return cni_plugin_main(&plugin);
}
