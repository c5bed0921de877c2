/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An interface that shares the MAC address of one of the host's. */

#include <linux/if_link.h>

#include "single-link.h"

typedef struct IpvlanConfig {
        const char *master, *mode;
        int64_t mtu;
        bool in_container;
        uint16_t mode_number;
} IpvlanConfig;

static const struct {
        const char *name;
        uint16_t number;
} modes[] = {
        { "l2", IPVLAN_MODE_L2 },
        { "l3", IPVLAN_MODE_L3 },
        { "l3s", IPVLAN_MODE_L3S },
};

static int read_config(CniCall *c, IpvlanConfig *v) {
        *v = (IpvlanConfig){ .mode = "l2" };
        const CniField fields[] = {
                { "master", CNI_STRING, &v->master },
                { "mode", CNI_STRING, &v->mode },
                { "mtu", CNI_INT, &v->mtu, 0, INT32_MAX },
                { "linkInContainer", CNI_BOOL, &v->in_container },
        };
        int r = cni_call_read(c, fields, ELEMENTSOF(fields));
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(modes); i++)
                if (streq(v->mode, modes[i].name) || (!*v->mode && i == 0)) {
                        v->mode_number = modes[i].number;
                        return 0;
                }
        return cni_fail(c, CNI_INTERNAL, "unknown ipvlan mode: \"%s\"", v->mode);
}

/* In a chain, the interface that the plugin before has made. */
static int find_master(CniCall *c, IpvlanConfig *v) {
        if (!isempty(v->master) || !c->has_previous)
                return 0;
        if (c->previous.n_interfaces != 1 || !*c->previous.interfaces[0].name)
                return cni_fail(c, CNI_INTERNAL,
                                "chained master failure. PrevResult lacks a single named interface");
        v->master = c->previous.interfaces[0].name;
        return 0;
}

static void put_mode(struct nl_msg *m, const void *data) {
        netlink_put_u16(m, IFLA_IPVLAN_MODE, *(const uint16_t *) data);
}

static int make(CniCall *c, CniSides *s, Link *ret) {
        IpvlanConfig config;
        Link master;
        int r = read_config(c, &config);
        if (r >= 0)
                r = find_master(c, &config);
        if (r >= 0)
                r = master_get(c, s, config.master, config.in_container, &master);
        if (r < 0)
                return r;
        LinkSpec spec = {
                .kind = "ipvlan", .mtu = config.mtu, .put_data = put_mode, .data = &config.mode_number
        };
        return master_make_link(c, s, &spec, &master, config.in_container, ret);
}

static int check_mode(CniCall *c, CniSides *s, const Link *l) {
        IpvlanConfig config;
        Link master;
        int r = read_config(c, &config);
        if (r >= 0 && !isempty(config.master))
                r = master_get(c, s, config.master, config.in_container, &master);
        if (r >= 0 && l->mode != config.mode_number)
                r = cni_fail(c, CNI_INTERNAL, "Container IPVlan mode does not match expected value: %s",
                                config.mode);
        return r;
}

static const SingleLink ipvlan = {
        .kind = "ipvlan",
        .needs_ipam = true,
        .takes_previous = true,
        .make = make,
        .check = check_mode,
};

int main(void) {
        return single_link_main("ipvlan", &ipvlan);
}
