/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Source based routing: what comes from an address of the interface leaves through that interface, since the
 * routes of each address stand in a table of their own. */

#include <errno.h>

#include "alloc.h"
#include "cni-interface.h"
#include "lock.h"
#include "route.h"

#define FIRST_TABLE 100

typedef struct SbrConfig {
        int64_t table; /* the first address has it, the others free ones behind it; 0: the first free one */
} SbrConfig;

static int read_config(CniCall *c, SbrConfig *b) {
        *b = (SbrConfig){};
        const CniField fields[] = { { "table", CNI_INT, &b->table, 1, UINT32_MAX } };
        return cni_call_read(c, fields, ELEMENTSOF(fields));
}

/* Two that choose a table at once must not choose the same. */
static int open_and_lock(CniCall *c, CniSides *s) {
        int r = cni_sides_open(c, s);
        if (r < 0)
                return r;
        r = lock_fd(s->netns_fd, LOCK_MODE_EXCLUSIVE, true);
        return r < 0 ? cni_fail_errno(c, r, "cannot lock %s", c->netns) : 0;
}

typedef struct TableSearch {
        unsigned wanted;
        bool taken;
} TableSearch;

static int compare_rule(int family, const IpPrefix *from, unsigned table, void *data) {
        TableSearch *s = data;
        s->taken = s->taken || table == s->wanted;
        return 0;
}

static int compare_route(const Route *r, void *data) {
        ((TableSearch *) data)->taken = true;
        return 0;
}

static int find_free_table(Netlink *n, unsigned first, unsigned *ret) {
        for (TableSearch s = { .wanted = first };; s.wanted++) {
                int r = rule_each(n, AF_UNSPEC, compare_rule, &s);
                if (r >= 0)
                        r = route_each(n, AF_UNSPEC, s.wanted, compare_route, &s);
                if (r < 0)
                        return r;
                if (!s.taken) {
                        *ret = s.wanted;
                        return 0;
                }
                s.taken = false;
        }
}

static bool is_of_interface(const CniCall *c, const CniResult *result, const CniAddress *a) {
        return a->interface < 0 || streq(result->interfaces[a->interface].name, c->ifname);
}

static int add_source(Netlink *n, const Link *l, const CniAddress *a, unsigned table) {
        IpPrefix from = { .address = a->address.address, .length = ip_bits(a->address.address.family) };
        Route route = {
                .destination.address.family = from.address.family,
                .gateway = a->gateway,
                .index = l->index,
                .table = table,
                .scope = -1,
        };
        int r = rule_add(n, &from, table);
        if (r == -EEXIST)
                r = 0;
        if (r < 0 || !a->gateway.family)
                return r;
        r = route_add(n, &route);
        return r == -EEXIST ? 0 : r;
}

typedef struct RouteList {
        int index;
        Route *routes;
        size_t n;
} RouteList;

/* Link-local routes are the same on each interface and stay. */
static int take_route(const Route *r, void *data) {
        RouteList *l = data;
        const uint8_t *b = r->destination.address.bytes;
        if (r->index != l->index ||
                        (r->destination.address.family == AF_INET6 && b[0] == 0xfe && (b[1] & 0xc0) == 0x80))
                return 0;
        xgrow(&l->routes, l->n);
        l->routes[l->n++] = *r;
        return 0;
}

static bool is_route_of(const Route *r, const CniAddress *a) {
        if (r->destination.address.family != a->address.address.family)
                return false;
        return (!r->source.family && !r->gateway.family) || ip_prefix_contains(&a->address, &r->source) ||
               ip_prefix_contains(&a->address, &r->gateway);
}

/* In this order a gateway is always reachable by a route that is there already. */
static int copy_routes(Netlink *n, const RouteList *l, const CniAddress *a, unsigned table) {
        int r = 0;
        for (size_t i = 0; r >= 0 && i < l->n; i++) {
                if (!is_route_of(&l->routes[i], a))
                        continue;
                Route there = l->routes[i];
                there.table = table;
                there.flags = 0; /* those that the kernel sets it does not take */
                r = route_add(n, &there);
                if (r == -EEXIST)
                        r = 0;
        }
        return r;
}

static int route_by_source(CniCall *c, Netlink *n, const Link *l, const CniResult *result, unsigned table) {
        RouteList list = { .index = l->index };
        int r = route_each(n, AF_UNSPEC, RT_TABLE_MAIN, take_route, &list);
        for (size_t i = 0; r >= 0 && i < result->n_ips; i++) {
                const CniAddress *a = &result->ips[i];
                if (!is_of_interface(c, result, a))
                        continue;
                r = add_source(n, l, a, table);
                if (r >= 0)
                        r = copy_routes(n, &list, a, table);
                if (r >= 0 && i + 1 < result->n_ips)
                        r = find_free_table(n, table + 1, &table);
        }
        for (size_t i = list.n; r >= 0 && i > 0; i--)
                r = route_delete(n, &list.routes[i - 1]);
        free(list.routes);
        return r;
}

static int set_up(CniCall *c, CniSides *s, const CniResult *result, unsigned table) {
        Netlink *n = s->container;
        Link l;
        int r = link_get(n, c->ifname, &l);
        if (r < 0)
                return cni_fail(c, CNI_INTERNAL, "Cannot find network interface %s", c->ifname);
        if (!table)
                r = find_free_table(n, FIRST_TABLE, &table);
        if (r >= 0)
                r = route_by_source(c, n, &l, result, table);
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "cannot route by source on %s: %s", c->ifname,
                                       netlink_error(n))
                     : 0;
}

static int add(CniCall *c, CniResult *result) {
        _cleanup_cni_sides_ CniSides s = CNI_SIDES_NONE;
        SbrConfig config;
        int r = read_config(c, &config);
        if (r >= 0 && !c->has_previous)
                return cni_fail(c, CNI_INTERNAL, "This plugin must be called as chained plugin");
        if (r >= 0)
                r = cni_call_take_previous(c, result);
        if (r >= 0 && result->n_ips == 0)
                return cni_fail(c, CNI_INTERNAL, "No IP addresses supplied on interface: %s", c->ifname);
        if (r >= 0)
                r = open_and_lock(c, &s);
        return r < 0 ? r : set_up(c, &s, result, config.table);
}

typedef struct RuleList {
        const LinkAddress *addresses;
        size_t n_addresses;
        struct {
                IpPrefix from;
                unsigned table;
        } * rules;
        size_t n;
} RuleList;

static int take_rule(int family, const IpPrefix *from, unsigned table, void *data) {
        RuleList *l = data;
        for (size_t i = 0; i < l->n_addresses; i++)
                if (from->address.family && ip_equal(&from->address, &l->addresses[i].address.address)) {
                        xgrow(&l->rules, l->n);
                        l->rules[l->n].from = *from;
                        l->rules[l->n++].table = table;
                        break;
                }
        return 0;
}

static int list_rules(Netlink *n, const Link *l, RuleList *ret) {
        _cleanup_free_ LinkAddress *addresses = NULL;
        int r = address_list(n, l->index, 0, &addresses, &ret->n_addresses);
        ret->addresses = addresses;
        if (r >= 0)
                r = rule_each(n, AF_UNSPEC, take_rule, ret);
        ret->addresses = NULL;
        return r;
}

/* The routes go with the interface. */
static int del(CniCall *c) {
        _cleanup_cni_sides_ CniSides s = CNI_SIDES_NONE;
        RuleList list = {};
        Link l;
        int r = cni_sides_open_if_there(c, &s);
        if (r <= 0 || link_get(s.container, c->ifname, &l) < 0)
                return r;
        r = list_rules(s.container, &l, &list);
        for (size_t i = 0; r >= 0 && i < list.n; i++)
                r = rule_delete(s.container, &list.rules[i].from, list.rules[i].table);
        free(list.rules);
        return r < 0 && r != -ENOENT ? cni_fail(c, CNI_INTERNAL, "Failed to delete rule: %s",
                                                       netlink_error(s.container))
                                     : 0;
}

static int check(CniCall *c) {
        _cleanup_cni_sides_ CniSides s = CNI_SIDES_NONE;
        RuleList list = {};
        Link l;
        size_t wanted = 0;
        int r = cni_sides_open(c, &s);
        if (r >= 0 && link_get(s.container, c->ifname, &l) < 0)
                return cni_fail(c, CNI_INTERNAL, "Cannot find network interface %s", c->ifname);
        if (r >= 0)
                r = list_rules(s.container, &l, &list);
        free(list.rules);
        for (size_t i = 0; i < c->previous.n_ips; i++)
                wanted += is_of_interface(c, &c->previous, &c->previous.ips[i]);
        if (r >= 0 && list.n < wanted)
                r = cni_fail(c, CNI_INTERNAL, "rules for addresses of %s are missing: %zu of %zu", c->ifname,
                                list.n, wanted);
        return r;
}

static const CniPlugin plugin = { .name = "sbr", .add = add, .del = del, .check = check };

int main(void) {
        return cni_plugin_main(&plugin);
}
