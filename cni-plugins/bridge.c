/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A pair of links: one end in the container, the other a port of a bridge on the host. */

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <time.h>

#include "alloc.h"
#include "bridge-config.h"
#include "ipam.h"
#include "masquerade.h"
#include "netns.h"
#include "own.h"
#include "route.h"

#define PORT_WAIT_MILLISECONDS 3000

typedef struct Attachment {
        CniCall *call;
        BridgeConfig config;
        CniSides sides;
        Link bridge, host, container;
        bool has_addresses, has_pair; /* to undo when ADD fails */
} Attachment;

static void attachment_done(Attachment *a) {
        bridge_config_done(&a->config);
        cni_sides_done(&a->sides);
}

static int fail_on_host(Attachment *a, const char *what, const char *name) {
        return cni_fail(a->call, CNI_INTERNAL, "%s \"%s\": %s", what, name, netlink_error(a->sides.host));
}

static void put_vlan_filtering(struct nl_msg *m, const void *data) {
        netlink_put_u8(m, IFLA_BR_VLAN_FILTERING, 1);
}

/* Two who add the first container at once both find the bridge that one of them made. */
static int make_bridge(Attachment *a) {
        const BridgeConfig *b = &a->config;
        LinkSpec spec = { .name = b->name, .kind = "bridge", .mtu = b->mtu };
        if (b->vlan || b->n_trunk)
                spec.put_data = put_vlan_filtering;
        int r = link_add(a->sides.host, &spec);
        if (r < 0 && r != -EEXIST)
                return fail_on_host(a, "failed to create bridge", b->name);
        /* routes of this interface are the plugin's matter */
        netns_write_sysctl(-1, "0", "net/ipv6/conf/%s/accept_ra", b->name);
        if (link_get(a->sides.host, b->name, &a->bridge) < 0)
                return fail_on_host(a, "could not lookup", b->name);
        return 0;
}

static int ensure_bridge(Attachment *a) {
        const BridgeConfig *b = &a->config;
        Netlink *n = a->sides.host;
        int r = link_get(n, b->name, &a->bridge);
        if (r == -ENODEV)
                r = make_bridge(a);
        else if (r < 0)
                return fail_on_host(a, "could not lookup", b->name);
        if (r < 0)
                return r;
        if (!streq(a->bridge.kind, "bridge"))
                return cni_fail(a->call, CNI_INTERNAL,
                                "failed to create bridge \"%s\": it already exists but is not a bridge",
                                b->name);
        unsigned flags = IFF_UP | (b->promiscuous ? IFF_PROMISC : 0);
        if ((a->bridge.flags & flags) != flags && link_set_flags(n, a->bridge.index, flags, flags) < 0)
                return fail_on_host(a, "cannot set up", b->name);
        return 0;
}

static int set_port_vlans(Attachment *a, const Link *port, bool trunk) {
        const BridgeConfig *b = &a->config;
        Netlink *n = a->sides.host;
        int r = 0;
        if ((b->vlan || b->n_trunk) && !b->preserve_default_vlan)
                r = link_delete_vlans(n, port->index, 1, 1);
        if (r >= 0 && b->vlan)
                r = link_add_vlans(n, port->index, b->vlan, b->vlan, true);
        for (size_t i = 0; r >= 0 && trunk && i < b->n_trunk; i++)
                r = link_add_vlans(n, port->index, b->trunk[i].first, b->trunk[i].last, false);
        return r < 0 ? fail_on_host(a, "failed to setup vlan tag on interface", port->name) : 0;
}

/* Both ends come into being where they belong, up and connected, in one step. */
static int make_pair(Attachment *a) {
        const BridgeConfig *b = &a->config;
        CniCall *c = a->call;
        char name[IFNAMSIZ];
        LinkSpec host = { .name = name, .mtu = b->mtu, .master = a->bridge.index, .up = true };
        LinkSpec container = { .name = c->ifname,
                .mtu = b->mtu,
                .netns_fd = a->sides.netns_fd,
                .mac = b->has_mac ? b->mac : NULL };
        if (!b->mtu)
                host.mtu = container.mtu = 0;
        if (link_get(a->sides.container, c->ifname, &a->container) >= 0)
                return cni_fail(c, CNI_INTERNAL,
                                "container veth name (\"%s\") peer provided (\"\") already exists",
                                c->ifname);
        int r = -EEXIST;
        for (int tries = 0; tries < 10 && r == -EEXIST; tries++) {
                veth_random_name(name);
                r = veth_add(a->sides.host, &host, &container);
        }
        if (r < 0)
                return fail_on_host(a, "failed to make veth pair for", c->ifname);
        a->has_pair = true;
        if (link_get(a->sides.host, name, &a->host) < 0)
                return fail_on_host(a, "failed to lookup", name);
        if (link_get(a->sides.container, c->ifname, &a->container) < 0)
                return cni_fail(c, CNI_INTERNAL, "failed to lookup \"%s\": %s", c->ifname,
                                netlink_error(a->sides.container));
        if (b->hairpin && link_set_hairpin(a->sides.host, a->host.index, true) < 0)
                return fail_on_host(a, "failed to setup hairpin mode for", name);
        return set_port_vlans(a, &a->host, true);
}

static void set_default_route(CniResult *result, const CniAddress *address) {
        int family = address->address.address.family;
        for (size_t i = 0; i < result->n_routes; i++) {
                const CniRoute *r = &result->routes[i];
                if (r->destination.address.family == family && r->destination.length == 0 &&
                                r->gateway.family)
                        return;
        }
        CniRoute *r = cni_result_add_route(result);
        r->destination.address.family = family;
        r->gateway = address->gateway;
}

static void complete_gateways(Attachment *a, CniResult *result) {
        for (size_t i = 0; i < result->n_ips; i++) {
                CniAddress *ip = &result->ips[i];
                IpAddress network = ip_prefix_first(&ip->address);
                if (!ip->gateway.family && a->config.is_gateway)
                        ip->gateway = ip_add(&network, 1);
                if (a->config.is_default_gateway)
                        set_default_route(result, ip);
        }
}

/* One IPv4 address, and of overlapping IPv6 networks one: else the bridge is somebody else's. */
static int make_room(Attachment *a, const Link *l, const IpPrefix *gateway, bool *ret_there) {
        _cleanup_free_ LinkAddress *addresses = NULL;
        char text[IP_PREFIX_TEXT_MAX];
        size_t n = 0;
        int r = address_list(a->sides.host, l->index, gateway->address.family, &addresses, &n);
        *ret_there = false;
        for (size_t i = 0; r >= 0 && i < n && !*ret_there; i++)
                *ret_there = ip_equal(&addresses[i].address.address, &gateway->address) &&
                             addresses[i].address.length == gateway->length;
        for (size_t i = 0; r >= 0 && i < n && !*ret_there; i++) {
                if (gateway->address.family == AF_INET6 &&
                                !ip_prefix_overlaps(&addresses[i].address, gateway))
                        continue;
                if (!a->config.force_address)
                        return cni_fail(a->call, CNI_INTERNAL,
                                        "failed to set bridge addr: \"%s\" already has an IP address "
                                        "different from %s",
                                        l->name, ip_prefix_format(gateway, text));
                r = address_delete(a->sides.host, l->index, &addresses[i].address);
        }
        return r < 0 ? fail_on_host(a, "failed to set bridge addr", l->name) : 0;
}

static int ensure_gateway(Attachment *a, const Link *l, const IpPrefix *gateway) {
        bool there;
        int r = make_room(a, l, gateway, &there);
        if (r < 0 || there)
                return r;
        r = address_add(a->sides.host, l->index, gateway,
                        gateway->address.family == AF_INET6 ? IFA_F_NODAD : 0);
        if (r < 0 && r != -EEXIST)
                return fail_on_host(a, "failed to set bridge addr: could not add IP address to", l->name);
        /* else it would take the lowest address of its ports, and change as they come and go; one whose last
         * port has gone has none of its own */
        static const uint8_t none[MAC_SIZE];
        Link now = *l;
        if (memcmp(l->mac, none, MAC_SIZE) == 0 && link_get_by_index(a->sides.host, l->index, &now) < 0)
                return fail_on_host(a, "could not lookup", l->name);
        if (link_set_mac(a->sides.host, l->index, now.mac) < 0)
                return fail_on_host(a, "could not set bridge's mac", l->name);
        return 0;
}

/* The gateway of a VLAN is not the bridge but a port of it: the other end of a pair in the host's own
 * namespace. */
static int ensure_vlan_gateway(Attachment *a, Link *ret) {
        char name[IFNAMSIZ + 8], port[IFNAMSIZ];
        Link l;
        snprintf(name, sizeof(name), "%s.%d", a->config.name, (int) a->config.vlan);
        if (strlen(name) >= IFNAMSIZ)
                return cni_fail(a->call, CNI_INTERNAL,
                                "failed to create vlan interface: the name %s is too long", name);
        if (link_get(a->sides.host, name, ret) >= 0)
                return 0;
        LinkSpec outer = {
                .name = veth_random_name(port), .mtu = a->config.mtu, .master = a->bridge.index, .up = true
        };
        LinkSpec inner = { .name = name,
                .mtu = a->config.mtu }; /* the kernel makes it before its peer: not up */
        if (veth_add(a->sides.host, &outer, &inner) < 0 || link_get(a->sides.host, port, &l) < 0 ||
                        link_get(a->sides.host, name, ret) < 0 || link_set_up(a->sides.host, ret->index) < 0)
                return fail_on_host(a, "failed to create vlan gateway", name);
        return set_port_vlans(a, &l, false);
}

static int set_gateways(Attachment *a, CniResult *result) {
        Link vlan, bridge = a->bridge, *on = &bridge;
        int r = 0;
        if (a->config.vlan) {
                r = ensure_vlan_gateway(a, &vlan);
                if (r >= 0)
                        cni_add_interface(result, &vlan, NULL);
                on = &vlan;
        }
        for (size_t i = 0; r >= 0 && i < result->n_ips; i++) {
                IpPrefix gateway = { .address = result->ips[i].gateway,
                        .length = result->ips[i].address.length };
                r = ensure_gateway(a, on, &gateway);
        }
        return r < 0 ? r : cni_enable_forwarding(a->call, a->sides.host, result);
}

static int set_addresses(Attachment *a, CniResult *result) {
        CniCall *c = a->call;
        int fd = a->sides.netns_fd, r = ipam_add(c, result);
        if (r < 0)
                return r;
        a->has_addresses = true;
        cni_assign_addresses(result, 2);
        complete_gateways(a, result);
        netns_write_sysctl(fd, a->config.enable_dad ? "1" : "0", "net/ipv6/conf/%s/accept_dad", c->ifname);
        netns_write_sysctl(fd, "1", "net/ipv4/conf/%s/arp_notify", c->ifname);
        r = cni_configure(c, &a->sides, &a->container, result, a->config.enable_dad ? 0 : IFA_F_NODAD);
        if (r >= 0 && a->config.is_gateway)
                r = set_gateways(a, result);
        if (r >= 0 && a->config.ip_masq)
                r = masquerade_add(c, result);
        return r;
}

/* The port passes nothing until the kernel has seen that both ends are up. */
static int wait_for_port(Attachment *a) {
        for (int waited = 0; waited < PORT_WAIT_MILLISECONDS; waited++) {
                if (link_get_by_index(a->sides.host, a->host.index, &a->host) < 0)
                        return fail_on_host(a, "failed to lookup", a->host.name);
                if (a->host.operational_state == IF_OPER_UP)
                        return 0;
                nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        }
        return cni_fail(a->call, CNI_INTERNAL, "bridge port in error state: %s is not up", a->host.name);
}

static int set_up_container(Attachment *a) {
        if (a->config.disable_container_interface)
                return 0;
        if (link_set_up(a->sides.container, a->container.index) < 0)
                return cni_fail(a->call, CNI_INTERNAL, "failed to set \"%s\" up: %s", a->call->ifname,
                                netlink_error(a->sides.container));
        return 0;
}

static void set_mac(CniResult *result, size_t i, const Link *l) {
        char mac[MAC_TEXT_MAX];
        free(result->interfaces[i].mac);
        result->interfaces[i].mac = xstrdup(link_mac_format(l, mac));
}

static int attach(Attachment *a, CniResult *result) {
        CniCall *c = a->call;
        int r = ensure_bridge(a);
        if (r >= 0)
                r = make_pair(a);
        if (r < 0)
                return r;
        cni_add_interface(result, &a->bridge, NULL);
        cni_add_interface(result, &a->host, NULL);
        cni_add_interface(result, &a->container, c->netns);
        r = a->config.ipam ? set_addresses(a, result) : set_up_container(a);
        if (r >= 0 && !a->config.disable_container_interface)
                r = wait_for_port(a);
        /* its address may have changed with its first port */
        if (r >= 0 && link_get(a->sides.host, a->config.name, &a->bridge) < 0)
                r = fail_on_host(a, "could not lookup", a->config.name);
        if (r < 0)
                return r;
        set_mac(result, 0, &a->bridge);
        set_mac(result, 1, &a->host);
        return cni_call_configured_dns(c, result);
}

/* The bridge stays: another container may have come meanwhile. */
static void undo(Attachment *a) {
        if (a->has_addresses)
                ipam_del(a->call);
        if (a->has_pair)
                link_delete(a->sides.host, a->host.index);
        if (a->has_addresses && a->config.ip_masq)
                masquerade_del(a->call);
}

static int add(CniCall *c, CniResult *result) {
        _cleanup_(attachment_done) Attachment a = { .call = c, .sides = CNI_SIDES_NONE };
        int r = bridge_config_read(c, &a.config);
        if (r >= 0)
                r = cni_sides_open(c, &a.sides);
        if (r >= 0)
                r = attach(&a, result);
        if (r < 0)
                undo(&a);
        return r;
}

static int del(CniCall *c) {
        _cleanup_(attachment_done) Attachment a = { .call = c, .sides = CNI_SIDES_NONE };
        int r = bridge_config_read(c, &a.config);
        if (r < 0)
                return r;
        /* The masquerade goes first, so that one wait does for it and the interface. The address is free
         * only when nothing has it any more. */
        int m = a.config.ipam && a.config.ip_masq ? masquerade_del(c) : 0;
        bool first = a.config.ipam && ipam_goes_first(c);
        int k = first ? ipam_del(c) : 0;
        r = cni_sides_open_if_there(c, &a.sides);
        if (r > 0)
                r = cni_delete_interface(c, &a.sides);
        if (a.config.ipam && !first)
                k = ipam_del(c);
        return r < 0 ? r : k < 0 ? k : m;
}

static int check_bridge(Attachment *a) {
        const BridgeConfig *b = &a->config;
        char mac[MAC_TEXT_MAX];
        if (link_get(a->sides.host, b->name, &a->bridge) < 0)
                return cni_fail(a->call, CNI_INTERNAL, "Interface name %s not found", b->name);
        if (!streq(a->bridge.kind, "bridge"))
                return cni_fail(a->call, CNI_INTERNAL, "Interface %s does not have link type of bridge",
                                b->name);
        link_mac_format(&a->bridge, mac);
        for (size_t i = 0; i < a->call->previous.n_interfaces; i++) {
                const CniInterface *f = &a->call->previous.interfaces[i];
                if (streq(f->name, b->name) && !f->sandbox && f->mac && !streq(f->mac, mac))
                        return cni_fail(a->call, CNI_INTERNAL, "Bridge interface %s Mac doesn't match: %s",
                                        b->name, f->mac);
        }
        if ((a->bridge.promiscuity > 0) != b->promiscuous)
                return cni_fail(a->call, CNI_INTERNAL,
                                "Bridge interface %s configured Promisc Mode %s doesn't match current state",
                                b->name, b->promiscuous ? "true" : "false");
        return 0;
}

/* The other end of the container's link is a port of the bridge. */
static int check_port(Attachment *a) {
        if (link_get_by_index(a->sides.host, a->container.peer, &a->host) < 0 ||
                        !streq(a->host.kind, "veth") || a->host.peer != a->container.index ||
                        a->host.master != a->bridge.index)
                return cni_fail(a->call, CNI_INTERNAL, "CNI veth created for bridge %s was not found",
                                a->config.name);
        return 0;
}

static int check(CniCall *c) {
        _cleanup_(attachment_done) Attachment a = { .call = c, .sides = CNI_SIDES_NONE };
        int r = bridge_config_read(c, &a.config);
        if (r >= 0)
                r = cni_sides_open(c, &a.sides);
        if (r >= 0)
                r = ipam_check(c);
        if (r >= 0)
                r = check_bridge(&a);
        if (r >= 0)
                r = cni_check(c, &a.sides, "veth", &a.container);
        if (r >= 0)
                r = check_port(&a);
        return r >= 0 && a.config.ip_masq ? masquerade_check(c) : r;
}

static int gc(CniCall *c) {
        int r = ipam_gc(c), k = masquerade_gc(c);
        return r < 0 ? r : k;
}

static const CniPlugin plugin = {
        .name = "bridge",
        .add = add,
        .del = del,
        .check = check,
        .status = ipam_status,
        .gc = gc,
};

int cni_bridge(void) {
        return cni_plugin_main(&plugin);
}
