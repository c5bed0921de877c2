/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An interface with a MAC address of its own on an interface of the host. */

#include <linux/if_link.h>

#include "single-link.h"

typedef struct MacvlanConfig {
        const char *master, *mode, *mac;
        int64_t mtu;
        bool in_container;
        uint32_t mode_bit;
} MacvlanConfig;

static const struct {
        const char *name;
        uint32_t bit;
} modes[] = {
        { "bridge", MACVLAN_MODE_BRIDGE },
        { "private", MACVLAN_MODE_PRIVATE },
        { "vepa", MACVLAN_MODE_VEPA },
        { "passthru", MACVLAN_MODE_PASSTHRU },
};

static int read_config(CniCall *c, MacvlanConfig *m) {
        *m = (MacvlanConfig){ .mode = "bridge" };
        const CniField fields[] = {
                { "master", CNI_STRING, &m->master },
                { "mode", CNI_STRING, &m->mode },
                { "mac", CNI_STRING, &m->mac },
                { "mtu", CNI_INT, &m->mtu, INT32_MIN, INT32_MAX },
                { "linkInContainer", CNI_BOOL, &m->in_container },
        };
        const char *wanted = NULL;
        int r = cni_call_read(c, fields, ELEMENTSOF(fields));
        if (r >= 0)
                r = cni_call_mac(c, &wanted);
        if (r < 0)
                return r;
        if (wanted)
                m->mac = wanted;
        for (size_t i = 0; i < ELEMENTSOF(modes); i++)
                if (streq(m->mode, modes[i].name) || (!*m->mode && i == 0)) {
                        m->mode_bit = modes[i].bit;
                        return 0;
                }
        return cni_fail(c, CNI_INTERNAL, "unknown macvlan mode: \"%s\"", m->mode);
}

static void put_mode(struct nl_msg *m, const void *data) {
        netlink_put_u32(m, IFLA_MACVLAN_MODE, *(const uint32_t *) data);
}

static int make(CniCall *c, CniSides *s, Link *ret) {
        MacvlanConfig config;
        uint8_t mac[MAC_SIZE];
        Link master;
        int r = read_config(c, &config);
        if (r >= 0)
                r = master_get(c, s, config.master, config.in_container, &master);
        if (r >= 0)
                r = master_check_mtu(c, &master, config.mtu);
        if (r < 0)
                return r;
        if (!isempty(config.mac) && mac_parse(config.mac, mac) < 0)
                return cni_fail(c, CNI_INTERNAL, "invalid args %s for MAC addr", config.mac);
        LinkSpec spec = {
                .kind = "macvlan",
                .mtu = config.mtu,
                .mac = isempty(config.mac) ? NULL : mac,
                .put_data = put_mode,
                .data = &config.mode_bit,
        };
        return master_make_link(c, s, &spec, &master, config.in_container, ret);
}

static int check_mode(CniCall *c, CniSides *s, const Link *l) {
        MacvlanConfig config;
        Link master;
        int r = read_config(c, &config);
        if (r >= 0)
                r = master_get(c, s, config.master, config.in_container, &master);
        if (r >= 0 && l->mode != config.mode_bit)
                r = cni_fail(c, CNI_INTERNAL, "container macvlan mode does not match expected value: %s",
                                config.mode);
        return r;
}

static const SingleLink macvlan = { .kind = "macvlan", .make = make, .check = check_mode };

int main(void) {
        return single_link_main("macvlan", &macvlan);
}
