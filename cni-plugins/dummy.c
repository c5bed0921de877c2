/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An interface that leads nowhere: addresses that belong to the container alone. */

#include <linux/if_addr.h>

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

int main(void) {
        return single_link_main("dummy", &dummy);
}
