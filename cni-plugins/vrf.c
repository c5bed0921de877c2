/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Puts the container's interface into a VRF of the container, which is made for the first and goes with the
 * last. */

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>

#include "cni-interface.h"
#include "route.h"

typedef struct VrfConfig {
        const char *name;
        int64_t table; /* 0: a free one */
} VrfConfig;

static int read_config(CniCall *c, VrfConfig *v) {
        *v = (VrfConfig){};
        const CniField fields[] = {
                { "vrfname", CNI_STRING, &v->name },
                { "table", CNI_INT, &v->table, 0, UINT32_MAX },
        };
        int r = cni_call_read(c, fields, ELEMENTSOF(fields));
        if (r >= 0 && isempty(v->name))
                r = cni_fail(c, CNI_INTERNAL, "configuration is expected to have a valid vrf name");
        return r;
}

typedef struct TableSearch {
        uint32_t wanted;
        bool taken;
} TableSearch;

static int compare_table(const Link *l, void *data) {
        TableSearch *s = data;
        s->taken = s->taken || (streq(l->kind, "vrf") && l->vrf_table == s->wanted);
        return 0;
}

static int find_free_table(Netlink *n, uint32_t *ret) {
        for (TableSearch s = { .wanted = 1 }; s.wanted < UINT32_MAX; s.wanted++) {
                s.taken = false;
                int r = link_each(n, compare_table, &s);
                if (r < 0)
                        return r;
                if (!s.taken) {
                        *ret = s.wanted;
                        return 0;
                }
        }
        return -ENOSPC;
}

static void put_table(struct nl_msg *m, const void *data) {
        netlink_put_u32(m, IFLA_VRF_TABLE, *(const uint32_t *) data);
}

static int make_vrf(CniCall *c, Netlink *n, const VrfConfig *v, Link *ret) {
        uint32_t table = v->table;
        LinkSpec spec = {
                .name = v->name, .kind = "vrf", .up = true, .put_data = put_table, .data = &table
        };
        int r = table ? 0 : find_free_table(n, &table);
        if (r >= 0)
                r = link_add(n, &spec);
        if (r >= 0)
                r = link_get(n, v->name, ret);
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "could not add VRF %s: %s", v->name, netlink_error(n)) : 0;
}

static int find_vrf(CniCall *c, Netlink *n, const VrfConfig *v, Link *ret) {
        int r = link_get(n, v->name, ret);
        if (r == -ENODEV)
                return 0;
        if (r < 0)
                return cni_fail(c, CNI_INTERNAL, "could not lookup %s: %s", v->name, netlink_error(n));
        if (!streq(ret->kind, "vrf"))
                return cni_fail(c, CNI_INTERNAL, "Netlink %s is not a VRF", v->name);
        return 1;
}

/* IPv6 addresses do not survive the change: the kernel takes the interface down and up. */
static int enslave(CniCall *c, Netlink *n, const Link *l, const Link *vrf) {
        _cleanup_free_ LinkAddress *addresses = NULL;
        size_t count = 0;
        int r = address_list(n, l->index, AF_INET6, &addresses, &count);
        if (r >= 0)
                r = link_set_u32(n, l->index, IFLA_MASTER, vrf->index);
        for (size_t i = 0; r >= 0 && i < count; i++) {
                r = address_add(n, l->index, &addresses[i].address, addresses[i].flags & IFA_F_NODAD);
                if (r == -EEXIST)
                        r = 0;
        }
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "could not set vrf %s as master of %s: %s", vrf->name,
                                       l->name, netlink_error(n))
                     : 0;
}

static int add(CniCall *c, CniResult *result) {
        _cleanup_cni_sides_ CniSides s = CNI_SIDES_NONE;
        VrfConfig config;
        Link vrf, l, master;
        int r = read_config(c, &config);
        if (r >= 0 && !c->has_previous)
                return cni_fail(c, CNI_INTERNAL, "missing prevResult from earlier plugin");
        if (r >= 0)
                r = cni_sides_open(c, &s);
        if (r >= 0 && link_get(s.container, c->ifname, &l) < 0)
                return cni_fail(c, CNI_INTERNAL, "could not get link by name %s", c->ifname);
        if (r >= 0 && l.master)
                return cni_fail(c, CNI_INTERNAL, "interface %s has already a master set: %s", l.name,
                                link_get_by_index(s.container, l.master, &master) < 0 ? "?" : master.name);
        if (r >= 0)
                r = find_vrf(c, s.container, &config, &vrf);
        if (r > 0 && config.table && vrf.vrf_table != config.table)
                return cni_fail(c, CNI_INTERNAL, "VRF %s already exist with different routing table %u",
                                config.name, (unsigned) vrf.vrf_table);
        if (r == 0)
                r = make_vrf(c, s.container, &config, &vrf);
        if (r >= 0)
                r = enslave(c, s.container, &l, &vrf);
        return r < 0 ? r : cni_call_take_previous(c, result);
}

typedef struct MemberSearch {
        int master;
        size_t n;
} MemberSearch;

static int count_member(const Link *l, void *data) {
        MemberSearch *s = data;
        s->n += l->master == s->master;
        return 0;
}

static int del(CniCall *c) {
        _cleanup_cni_sides_ CniSides s = CNI_SIDES_NONE;
        VrfConfig config;
        Link vrf, l;
        int r = read_config(c, &config);
        if (r >= 0)
                r = cni_sides_open_if_there(c, &s);
        if (r > 0)
                r = find_vrf(c, s.container, &config, &vrf);
        if (r <= 0)
                return r;
        MemberSearch members = { .master = vrf.index };
        if (link_get(s.container, c->ifname, &l) >= 0 && l.master == vrf.index)
                r = link_set_u32(s.container, l.index, IFLA_MASTER, 0);
        if (r >= 0)
                r = link_each(s.container, count_member, &members);
        if (r >= 0 && members.n == 0)
                r = link_delete(s.container, vrf.index);
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "cannot take %s out of VRF %s: %s", c->ifname, config.name,
                                       netlink_error(s.container))
                     : 0;
}

static int check(CniCall *c) {
        _cleanup_cni_sides_ CniSides s = CNI_SIDES_NONE;
        VrfConfig config;
        Link vrf, l;
        int r = read_config(c, &config);
        if (r >= 0 && !c->has_previous)
                return cni_fail(c, CNI_INTERNAL, "missing prevResult from earlier plugin");
        if (r >= 0)
                r = cni_sides_open(c, &s);
        if (r >= 0)
                r = find_vrf(c, s.container, &config, &vrf);
        if (r == 0)
                return cni_fail(c, CNI_INTERNAL, "VRF %s: Link not found", config.name);
        if (r >= 0 && (link_get(s.container, c->ifname, &l) < 0 || l.master != vrf.index))
                return cni_fail(c, CNI_INTERNAL, "Failed to find %s associated to vrf %s", c->ifname,
                                config.name);
        return r;
}

static const CniPlugin plugin = { .name = "vrf", .add = add, .del = del, .check = check };

int main(void) {
        return cni_plugin_main(&plugin);
}
