/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cni-interface.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <time.h>

#include "aftermath.h"
#include "alloc.h"
#include "netns.h"
#include "route.h"

#define SETTLE_MILLISECONDS 10000

void cni_sides_done(CniSides *s) {
        if (s->netns_fd >= 0)
                close(s->netns_fd);
        if (s->host)
                netlink_close(s->host);
        if (s->container)
                netlink_close(s->container);
        *s = (CniSides) CNI_SIDES_NONE;
}

static int open_sockets(CniCall *c, CniSides *s) {
        int r = netlink_open(-1, &s->host);
        if (r >= 0)
                r = netlink_open(s->netns_fd, &s->container);
        return r < 0 ? cni_fail_errno(c, r, "cannot open rtnetlink sockets") : 0;
}

int cni_sides_open(CniCall *c, CniSides *ret) {
        ret->netns_fd = netns_open(c->netns);
        if (ret->netns_fd < 0)
                return cni_fail_errno(c, ret->netns_fd, "failed to open netns \"%s\"", c->netns);
        return open_sockets(c, ret);
}

int cni_sides_open_if_there(CniCall *c, CniSides *ret) {
        if (!c->netns)
                return 0;
        ret->netns_fd = netns_open(c->netns);
        /* a mount point whose namespace is gone is an ordinary file */
        if (ret->netns_fd == -ENOENT || ret->netns_fd == -EINVAL || ret->netns_fd == -ENOTTY)
                return 0;
        if (ret->netns_fd < 0)
                return cni_fail_errno(c, ret->netns_fd, "failed to open netns \"%s\"", c->netns);
        int r = open_sockets(c, ret);
        return r < 0 ? r : 1;
}

CniInterface *cni_add_interface(CniResult *result, const Link *l, const char *sandbox) {
        char mac[MAC_TEXT_MAX];
        CniInterface *f = cni_result_add_interface(result);
        *f = (CniInterface){
                .name = xstrdup(l->name),
                .mac = l->has_mac ? xstrdup(link_mac_format(l, mac)) : NULL,
                .sandbox = xstrdup(sandbox),
                .mtu = l->mtu,
        };
        return f;
}

void cni_assign_addresses(CniResult *result, int index) {
        for (size_t i = 0; i < result->n_ips; i++)
                result->ips[i].interface = index;
}

/* Until no address is tentative any more: duplicate address detection takes a second or two. */
static int settle(CniCall *c, CniSides *s, const Link *l) {
        for (int waited = 0;; waited += 10) {
                _cleanup_free_ LinkAddress *addresses = NULL;
                size_t n, tentative = 0;
                int r = address_list(s->container, l->index, AF_INET6, &addresses, &n);
                if (r < 0)
                        return cni_fail_errno(c, r, "cannot list the addresses of %s", l->name);
                for (size_t i = 0; i < n; i++) {
                        if (addresses[i].flags & IFA_F_DADFAILED)
                                return cni_fail(c, CNI_INTERNAL,
                                                "an address of %s is already in use on its network",
                                                l->name);
                        tentative += !!(addresses[i].flags & IFA_F_TENTATIVE);
                }
                if (tentative == 0)
                        return 0;
                if (waited >= SETTLE_MILLISECONDS)
                        return cni_fail(c, CNI_INTERNAL,
                                        "link %s still has tentative addresses after %d seconds", l->name,
                                        SETTLE_MILLISECONDS / 1000);
                nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
        }
}

static int add_address(CniCall *c, CniSides *s, const Link *l, const CniAddress *a, unsigned flags) {
        char text[IP_PREFIX_TEXT_MAX];
        /* some hosts switch IPv6 off for what is not configured */
        if (a->address.address.family == AF_INET6)
                netns_write_sysctl(s->netns_fd, "0", "net/ipv6/conf/%s/disable_ipv6", l->name);
        int r = address_add(s->container, l->index, &a->address, flags);
        if (r < 0)
                return cni_fail(c, CNI_INTERNAL, "failed to add IP addr %s to \"%s\": %s",
                                ip_prefix_format(&a->address, text), l->name, netlink_error(s->container));
        return 0;
}

static IpAddress gateway_for(const CniResult *result, const CniRoute *route) {
        if (route->gateway.family)
                return route->gateway;
        for (size_t i = 0; i < result->n_ips; i++)
                if (result->ips[i].gateway.family == route->destination.address.family)
                        return result->ips[i].gateway;
        return (IpAddress){};
}

static int add_route(
                CniCall *c, CniSides *s, const Link *l, const CniResult *result, const CniRoute *route) {
        char destination[IP_PREFIX_TEXT_MAX], gateway[IP_TEXT_MAX];
        Route r = {
                .destination = route->destination,
                .gateway = gateway_for(result, route),
                .index = l->index,
                .table = route->table > 0 ? route->table : 0,
                .scope = route->scope,
                .priority = MAX(route->priority, 0),
                .mtu = MAX(route->mtu, 0),
                .advmss = MAX(route->advmss, 0),
        };
        if (route_add_beside(s->container, &r) < 0)
                return cni_fail(c, CNI_INTERNAL, "failed to add route '%s via %s dev %s': %s",
                                ip_prefix_format(&r.destination, destination),
                                ip_format(&r.gateway, gateway), l->name, netlink_error(s->container));
        return 0;
}

int cni_configure_routes(CniCall *c, CniSides *s, const Link *l, const CniResult *result) {
        int r = 0;
        for (size_t i = 0; i < result->n_routes && r >= 0; i++)
                r = add_route(c, s, l, result, &result->routes[i]);
        return r;
}

int cni_configure(CniCall *c, CniSides *s, const Link *l, const CniResult *result, unsigned address_flags) {
        bool v6 = false;
        int r = link_set_up(s->container, l->index);
        if (r < 0)
                return cni_fail(c, CNI_INTERNAL, "failed to set \"%s\" UP: %s", l->name,
                                netlink_error(s->container));
        for (size_t i = 0; i < result->n_ips && r >= 0; i++) {
                const CniAddress *a = &result->ips[i];
                if (a->interface >= 0 && !streq(result->interfaces[a->interface].name, l->name))
                        return cni_fail(c, CNI_INTERNAL,
                                        "failed to add an address to \"%s\": it is for \"%s\"", l->name,
                                        result->interfaces[a->interface].name);
                r = add_address(c, s, l, a, address_flags);
                v6 = v6 || a->address.address.family == AF_INET6;
        }
        if (r >= 0 && v6 && !(address_flags & IFA_F_NODAD))
                r = settle(c, s, l);
        return r < 0 ? r : cni_configure_routes(c, s, l, result);
}

/* A host that forwards IPv6 stops listening to its routers, unless its interfaces are told to do so all the
 * same: those through which it has learned routes go on, or it would lose its own way out when they expire.
 */
static int keep_listening(const Route *route, void *data) {
        _cleanup_free_ char *accepts = NULL;
        Link l;
        if (route->protocol == RTPROT_RA && link_get_by_index(data, route->index, &l) >= 0 &&
                        netns_read_sysctl(-1, &accepts, "net/ipv6/conf/%s/accept_ra", l.name) >= 0 &&
                        streq(accepts, "1"))
                netns_write_sysctl(-1, "2", "net/ipv6/conf/%s/accept_ra", l.name);
        return 0;
}

static int forward_ipv6(Netlink *host) {
        _cleanup_netlink_ Netlink *links = NULL;
        _cleanup_free_ char *forwards = NULL;
        int r = netns_read_sysctl(-1, &forwards, "net/ipv6/conf/all/forwarding");
        if (r < 0 || streq(forwards, "1"))
                return r < 0 ? r : 0;
        r = netlink_open(-1, &links);
        if (r >= 0)
                r = route_each(host, AF_INET6, 0, keep_listening, links);
        return r < 0 ? r : netns_write_sysctl(-1, "1", "net/ipv6/conf/all/forwarding");
}

int cni_enable_forwarding(CniCall *c, Netlink *host, const CniResult *result) {
        bool v4 = false, v6 = false;
        for (size_t i = 0; i < result->n_ips; i++)
                if (result->ips[i].address.address.family == AF_INET)
                        v4 = true;
                else
                        v6 = true;
        int r = v4 ? netns_write_sysctl(-1, "1", "net/ipv4/ip_forward") : 0;
        if (r >= 0 && v6)
                r = forward_ipv6(host);
        if (r == -ENOENT)
                return cni_fail(c, CNI_INTERNAL,
                                "this host has no IPv6, of which the network gives addresses");
        return r < 0 ? cni_fail_errno(c, r, "failed to enable forwarding") : 0;
}

int cni_delete_interface(CniCall *c, CniSides *s) {
        Link l;
        int r = link_get(s->container, c->ifname, &l);
        if (r == -ENODEV)
                return 0;
        if (r >= 0)
                r = aftermath_delete_link(s->netns_fd, s->container, s->host, l.index);
        if (r < 0 && r != -ENODEV)
                return cni_fail_errno(c, r, "failed to delete \"%s\"", c->ifname);
        return 0;
}
