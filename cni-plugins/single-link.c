/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "single-link.h"

#include "alloc.h"
#include "ipam.h"
#include "netns.h"

static int remove_link(CniCall *c, CniSides *s, const SingleLink *kind) {
        return kind->remove ? kind->remove(c, s) : cni_delete_interface(c, s);
}

static void take_addresses_of_previous(CniCall *c, CniResult *result) {
        for (size_t i = 0; i < c->previous.n_ips; i++)
                *cni_result_add_address(result) = c->previous.ips[i];
        for (size_t i = 0; i < c->previous.n_routes; i++)
                *cni_result_add_route(result) = c->previous.routes[i];
        cni_dns_copy(&result->dns, &c->previous.dns);
}

static int set_up(CniCall *c, CniSides *s, const SingleLink *kind, const Link *l, CniResult *result) {
        cni_assign_addresses(result, 0);
        netns_write_sysctl(s->netns_fd, "1", "net/ipv4/conf/%s/arp_notify", c->ifname);
        netns_write_sysctl(s->netns_fd, "1", "net/ipv6/conf/%s/ndisc_notify", c->ifname);
        int r = cni_configure(c, s, l, result, kind->address_flags);
        return r < 0 ? r : cni_call_configured_dns(c, result);
}

static int ask_for_addresses(CniCall *c, const SingleLink *kind, CniResult *result, bool *ret_given) {
        const char *type;
        int r = ipam_type(c, &type);
        *ret_given = false;
        if (r < 0)
                return r;
        if (!type && kind->takes_previous && c->previous.n_ips > 0) {
                take_addresses_of_previous(c, result);
                return 0;
        }
        if (!type && !kind->needs_ipam)
                return 0;
        if (!type)
                return cni_fail(c, CNI_INTERNAL, "%s interface requires an IPAM configuration",
                                kind->kind ? kind->kind : c->type);
        r = ipam_add(c, result);
        *ret_given = r >= 0;
        return r;
}

int single_link_add(CniCall *c, const SingleLink *kind, CniResult *result) {
        _cleanup_cni_sides_ CniSides s = CNI_SIDES_NONE;
        bool given = false;
        Link l;
        int r = cni_sides_open(c, &s);
        if (r >= 0)
                r = kind->make(c, &s, &l);
        if (r < 0)
                return r;
        cni_add_interface(result, &l, c->netns);
        r = ask_for_addresses(c, kind, result, &given);
        if (r >= 0)
                r = set_up(c, &s, kind, &l, result);
        if (r < 0) {
                if (given)
                        ipam_del(c);
                remove_link(c, &s, kind);
        }
        return r;
}

int single_link_del(CniCall *c, const SingleLink *kind) {
        _cleanup_cni_sides_ CniSides s = CNI_SIDES_NONE;
        int r = ipam_del(c), k = cni_sides_open_if_there(c, &s);
        if (k > 0)
                k = remove_link(c, &s, kind);
        return r < 0 ? r : k;
}

int single_link_check(CniCall *c, const SingleLink *kind) {
        _cleanup_cni_sides_ CniSides s = CNI_SIDES_NONE;
        Link l;
        int r = cni_sides_open(c, &s);
        if (r >= 0)
                r = ipam_check(c);
        if (r >= 0)
                r = cni_check(c, &s, kind->kind, &l);
        if (r >= 0 && !(l.flags & IFF_UP))
                r = cni_fail(c, CNI_INTERNAL, "Interface %s is down", l.name);
        return r >= 0 && kind->check ? kind->check(c, &s, &l) : r;
}

static const SingleLink *only;

static int add_only(CniCall *c, CniResult *result) {
        return single_link_add(c, only, result);
}

static int del_only(CniCall *c) {
        return single_link_del(c, only);
}

static int check_only(CniCall *c) {
        return single_link_check(c, only);
}

int single_link_main(const char *name, const SingleLink *kind) {
        const CniPlugin plugin = {
                .name = name,
                .add = add_only,
                .del = del_only,
                .check = check_only,
                .status = ipam_status,
                .gc = ipam_gc,
        };
        only = kind;
        return cni_plugin_main(&plugin);
}
