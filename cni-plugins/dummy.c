/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An interface that leads nowhere: addresses that belong to the container alone. */

#include <linux/if_addr.h>

#include "ipam.h"
#include "single-link.h"

static int make(CniCall *c, CniSides *s, Link *ret) {
        LinkSpec spec = { .name = c->ifname, .kind = "dummy" };
        int r = link_add(s->container, &spec);
        if (r >= 0)
                r = link_get(s->container, c->ifname, ret);
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "failed to create dummy: %s", netlink_error(s->container))
                     : 0;
}

static const SingleLink dummy = {
        .kind = "dummy", .needs_ipam = true, .address_flags = IFA_F_NODAD, .make = make
};

static int add(CniCall *c, CniResult *result) {
        return single_link_add(c, &dummy, result);
}

static int del(CniCall *c) {
        return single_link_del(c, &dummy);
}

static int check(CniCall *c) {
        return single_link_check(c, &dummy);
}

static const CniPlugin plugin = {
        .name = "dummy",
        .add = add,
        .del = del,
        .check = check,
        .status = ipam_status,
        .gc = ipam_gc,
};

int main(void) {
        return cni_plugin_main(&plugin);
}
