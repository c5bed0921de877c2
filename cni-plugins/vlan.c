/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A VLAN of an interface of the host. */

#include <linux/if_link.h>

#include "single-link.h"

typedef struct VlanConfig {
        const char *master;
        int64_t id, mtu;
        bool in_container;
} VlanConfig;

static int read_config(CniCall *c, VlanConfig *v) {
        *v = (VlanConfig){};
        const CniField fields[] = {
                { "master", CNI_STRING, &v->master },
                { "vlanId", CNI_INT, &v->id, INT32_MIN, INT32_MAX },
                { "mtu", CNI_INT, &v->mtu, INT32_MIN, INT32_MAX },
                { "linkInContainer", CNI_BOOL, &v->in_container },
        };
        int r = cni_call_read(c, fields, ELEMENTSOF(fields));
        if (r < 0)
                return r;
        if (isempty(v->master))
                return cni_fail(c, CNI_INTERNAL,
                                "\"master\" field is required. It specifies the host interface name to "
                                "create the VLAN for");
        if (v->id < 0 || v->id > 4094)
                return cni_fail(c, CNI_INTERNAL, "invalid VLAN ID %d (must be between 0 and 4094 inclusive)",
                                (int) v->id);
        return 0;
}

static void put_id(struct nl_msg *m, const void *data) {
        netlink_put_u16(m, IFLA_VLAN_ID, *(const int64_t *) data);
}

static int make(CniCall *c, CniSides *s, Link *ret) {
        VlanConfig config;
        Link master;
        int r = read_config(c, &config);
        if (r >= 0)
                r = master_get(c, s, config.master, config.in_container, &master);
        if (r >= 0)
                r = master_check_mtu(c, &master, config.mtu);
        if (r < 0)
                return r;
        LinkSpec spec = { .kind = "vlan", .mtu = config.mtu, .put_data = put_id, .data = &config.id };
        return master_make_link(c, s, &spec, &master, config.in_container, ret);
}

static int check_id(CniCall *c, CniSides *s, const Link *l) {
        VlanConfig config;
        Link master;
        int r = read_config(c, &config);
        if (r >= 0)
                r = master_get(c, s, config.master, config.in_container, &master);
        if (r >= 0 && l->vlan_id != config.id)
                r = cni_fail(c, CNI_INTERNAL, "VLAN of link %s is configured as %d, current value is %d",
                                l->name, (int) config.id, (int) l->vlan_id);
        if (r >= 0 && config.mtu && l->mtu != config.mtu)
                r = cni_fail(c, CNI_INTERNAL, "configured MTU of %s is %d, current value is %u", l->name,
                                (int) config.mtu, l->mtu);
        return r;
}

static const SingleLink vlan = { .kind = "vlan", .needs_ipam = true, .make = make, .check = check_id };

int main(void) {
        return single_link_main("vlan", &vlan);
}
