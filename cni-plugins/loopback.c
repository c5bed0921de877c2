/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The container's lo: up, with the addresses that the kernel gives it. */

#include "cni-interface.h"
#include "route.h"

static int open_loopback(CniCall *c, CniSides *s, Link *ret) {
        c->ifname = "lo"; /* whatever the caller says */
        int r = cni_sides_open(c, s);
        if (r < 0)
                return r;
        r = link_get(s->container, "lo", ret);
        return r < 0 ? cni_fail_errno(c, r, "no loopback interface in %s", c->netns) : 0;
}

static bool is_loopback(const IpAddress *a) {
        static const uint8_t v6[16] = { [15] = 1 };
        return a->family == AF_INET ? a->bytes[0] == 127 : memcmp(a->bytes, v6, sizeof(v6)) == 0;
}

/* The first of each family. */
static int add_addresses(CniCall *c, CniSides *s, const Link *lo, CniResult *result) {
        static const int families[] = { AF_INET, AF_INET6 };
        for (size_t f = 0; f < ELEMENTSOF(families); f++) {
                _cleanup_free_ LinkAddress *addresses = NULL;
                char text[IP_TEXT_MAX];
                size_t n = 0;
                int r = address_list(s->container, lo->index, families[f], &addresses, &n);
                if (r < 0)
                        return cni_fail_errno(c, r, "cannot list the addresses of lo");
                for (size_t i = 0; i < n; i++)
                        if (!is_loopback(&addresses[i].address.address))
                                return cni_fail(c, CNI_INTERNAL,
                                                "loopback interface found with non-loopback address \"%s\"",
                                                ip_format(&addresses[i].address.address, text));
                if (n == 0)
                        continue;
                CniAddress *a = cni_result_add_address(result);
                a->address = addresses[0].address;
                a->interface = 0;
        }
        return 0;
}

static int add(CniCall *c, CniResult *result) {
        _cleanup_cni_sides_ CniSides s = CNI_SIDES_NONE;
        Link lo;
        int r = open_loopback(c, &s, &lo);
        if (r < 0)
                return r;
        if (link_set_up(s.container, lo.index) < 0)
                return cni_fail(c, CNI_INTERNAL, "cannot set lo up: %s", netlink_error(s.container));
        if (c->has_previous)
                return cni_call_take_previous(c, result);
        lo.mtu = 0; /* nobody asks for it */
        cni_add_interface(result, &lo, c->netns);
        return add_addresses(c, &s, &lo, result);
}

static int del(CniCall *c) {
        _cleanup_cni_sides_ CniSides s = CNI_SIDES_NONE;
        Link lo;
        int r = cni_sides_open_if_there(c, &s);
        if (r <= 0)
                return r;
        r = link_get(s.container, "lo", &lo);
        if (r >= 0)
                r = link_set_flags(s.container, lo.index, 0, IFF_UP);
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "cannot set lo down: %s", netlink_error(s.container)) : 0;
}

static int check(CniCall *c) {
        _cleanup_cni_sides_ CniSides s = CNI_SIDES_NONE;
        Link lo;
        int r = open_loopback(c, &s, &lo);
        if (r >= 0 && !(lo.flags & IFF_UP))
                r = cni_fail(c, CNI_INTERNAL, "loopback interface is down");
        return r;
}

static const CniPlugin plugin = { .name = "loopback", .add = add, .del = del, .check = check };

int main(void) {
        return cni_plugin_main(&plugin);
}
