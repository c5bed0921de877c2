/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dhcp-lease.h"

#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "strv.h"

#define MTU_MIN       576 /* what every host must take; a smaller one is an attack or a mistake */
#define NAME_TEXT_MAX 255
#define SEARCH_MAX    32 /* names in a search list */

static IpAddress address_at(const uint8_t *p) {
        IpAddress a = { .family = AF_INET };
        memcpy(a.bytes, p, 4);
        return a;
}

/* -1 for one that has holes. */
static int mask_length(const uint8_t *p) {
        uint32_t mask = (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
        int length = mask ? 32 - __builtin_ctz(mask) : 0;
        return mask == (length ? UINT32_MAX << (32 - length) : 0) ? length : -1;
}

static void add_route(CniResult *result, const IpPrefix *to, const IpAddress *gateway) {
        CniRoute *route = cni_result_add_route(result);
        route->destination = *to;
        if (!ip_is_any(gateway)) /* 0.0.0.0: on the link */
                route->gateway = *gateway;
        else
                route->scope = 253; /* RT_SCOPE_LINK */
}

/* Length, the bytes of the network that count, gateway; again and again. False if it is not well formed. */
static bool take_classless_routes(const uint8_t *p, size_t n, CniResult *result) {
        size_t before = result->n_routes;
        while (n > 0) {
                unsigned length = p[0], bytes = (length + 7) / 8;
                if (length > 32 || n < 1 + bytes + 4) {
                        result->n_routes = before;
                        return false;
                }
                IpPrefix to = { .address = { .family = AF_INET }, .length = length };
                memcpy(to.address.bytes, p + 1, bytes);
                IpAddress gateway = address_at(p + 1 + bytes);
                to.address = ip_prefix_first(&to);
                add_route(result, &to, &gateway);
                p += 1 + bytes + 4;
                n -= 1 + bytes + 4;
        }
        return result->n_routes > before;
}

static unsigned class_length(const IpAddress *a) {
        return a->bytes[0] < 128 ? 8 : a->bytes[0] < 192 ? 16 : 24;
}

/* Pairs of a destination and a gateway, from the time of classes: what is no network's number is a host. */
static void take_static_routes(const DhcpMessage *m, CniResult *result) {
        size_t n;
        const uint8_t *p = dhcp_message_option(m, DHCP_OPTION_STATIC_ROUTE, &n);
        for (; p && n >= 8; p += 8, n -= 8) {
                IpPrefix to = { .address = address_at(p) };
                IpAddress gateway = address_at(p + 4);
                to.length = class_length(&to.address);
                IpAddress network = ip_prefix_first(&to);
                if (!ip_equal(&network, &to.address))
                        to.length = 32;
                if (!ip_is_any(&to.address)) /* not for default routes, says RFC 2132 */
                        add_route(result, &to, &gateway);
        }
}

/* With classless routes the others do not count, nor does the router. */
static void take_routes(const DhcpMessage *m, const IpAddress *router, CniResult *result) {
        size_t n;
        const uint8_t *p = dhcp_message_option(m, DHCP_OPTION_CLASSLESS_ROUTE, &n);
        if (p && take_classless_routes(p, n, result))
                return;
        take_static_routes(m, result);
        if (router->family)
                add_route(result, &(IpPrefix){ .address = { .family = AF_INET } }, router);
}

static bool is_name_character(uint8_t c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_';
}

/* The name at *at in the form of DNS, whose pointers may only lead back. *at is behind it then. */
static bool read_name(const uint8_t *data, size_t size, size_t *at, char name[static NAME_TEXT_MAX + 1]) {
        size_t p = *at, limit = size, n = 0;
        bool jumped = false;
        while (p < limit && data[p]) {
                if (data[p] >= 0xc0) {
                        if (p + 1 >= size)
                                return false;
                        size_t target = (size_t) (data[p] & 0x3f) << 8 | data[p + 1];
                        if (!jumped)
                                *at = p + 2;
                        if (target >= p)
                                return false;
                        jumped = true;
                        limit = p; /* so that it ends */
                        p = target;
                        continue;
                }
                size_t length = data[p++];
                if (length > 63 || length > size - p || n + length + 1 > NAME_TEXT_MAX)
                        return false;
                if (n)
                        name[n++] = '.';
                for (; length > 0; length--, p++) {
                        if (!is_name_character(data[p]))
                                return false;
                        name[n++] = data[p];
                }
        }
        if (p >= limit || n == 0)
                return false;
        if (!jumped)
                *at = p + 1;
        name[n] = 0;
        return true;
}

static void take_search(const DhcpMessage *m, CniDns *dns) {
        char name[NAME_TEXT_MAX + 1];
        size_t n, at = 0;
        const uint8_t *p = dhcp_message_option(m, DHCP_OPTION_DOMAIN_SEARCH, &n);
        while (p && at < n && strv_length(dns->search) < SEARCH_MAX && read_name(p, n, &at, name))
                strv_add(&dns->search, name);
}

/* A text that may end with a NUL. It becomes a line of resolv.conf. */
static char *read_domain(const DhcpMessage *m) {
        size_t n;
        const uint8_t *p = dhcp_message_option(m, DHCP_OPTION_DOMAIN_NAME, &n);
        while (p && n > 0 && p[n - 1] == 0)
                n--;
        if (!p || n == 0 || n > NAME_TEXT_MAX)
                return NULL;
        for (size_t i = 0; i < n; i++)
                if (!is_name_character(p[i]) && p[i] != '.')
                        return NULL;
        return xstrndup((const char *) p, n);
}

static void take_dns(const DhcpMessage *m, CniDns *dns) {
        char text[IP_TEXT_MAX];
        size_t n;
        const uint8_t *p = dhcp_message_option(m, DHCP_OPTION_NAME_SERVER, &n);
        for (; p && n >= 4; p += 4, n -= 4) {
                IpAddress server = address_at(p);
                if (!ip_is_any(&server))
                        strv_add(&dns->nameservers, ip_format(&server, text));
        }
        dns->domain = read_domain(m);
        take_search(m, dns);
}

static int take_address(const DhcpMessage *m, const IpAddress *router, CniResult *result, char **ret_why) {
        size_t n;
        const uint8_t *mask = dhcp_message_option(m, DHCP_OPTION_SUBNET_MASK, &n);
        if (!mask || n != 4 || mask_length(mask) < 0) {
                *ret_why = xstrdup("DHCP option Subnet Mask not found in DHCPACK");
                return -EINVAL;
        }
        CniAddress *a = cni_result_add_address(result);
        a->address = (IpPrefix){ .address = m->address, .length = mask_length(mask) };
        a->gateway = *router;
        return 0;
}

static void take_times(const DhcpMessage *m, DhcpLease *l) {
        uint32_t given;
        if (l->lifetime == DHCP_FOREVER) {
                l->renew_after = l->rebind_after = DHCP_FOREVER;
                return;
        }
        l->rebind_after = (uint64_t) l->lifetime * 7 / 8;
        if (dhcp_message_u32(m, DHCP_OPTION_REBINDING_TIME, &given) && given > 0 && given < l->lifetime)
                l->rebind_after = given;
        l->renew_after = MIN(l->lifetime / 2, l->rebind_after);
        if (dhcp_message_u32(m, DHCP_OPTION_RENEWAL_TIME, &given) && given > 0 && given <= l->rebind_after)
                l->renew_after = given;
}

/* One that can be an interface's. */
static bool is_unicast(const IpAddress *a) {
        return a->family == AF_INET && a->bytes[0] != 0 && a->bytes[0] != 127 && a->bytes[0] < 224;
}

int dhcp_lease_from_message(const DhcpMessage *m, DhcpLease *ret, char **ret_why) {
        _cleanup_dhcp_lease_ DhcpLease l = { .server = dhcp_message_address(m, DHCP_OPTION_SERVER) };
        IpAddress router = dhcp_message_address(m, DHCP_OPTION_ROUTER);
        size_t n;
        if (!is_unicast(&m->address) || !l.server.family) {
                *ret_why = xstrdup(l.server.family ? "the DHCP server gives no address"
                                                   : "the DHCP server does not say who it is");
                return -EINVAL;
        }
        if (!dhcp_message_u32(m, DHCP_OPTION_LEASE_TIME, &l.lifetime) || l.lifetime == 0) {
                *ret_why = xstrdup("DHCP option Lease Time not found in DHCPACK");
                return -EINVAL;
        }
        int r = take_address(m, &router, &l.result, ret_why);
        if (r < 0)
                return r;
        take_times(m, &l);
        take_routes(m, &router, &l.result);
        take_dns(m, &l.result.dns);
        const uint8_t *mtu = dhcp_message_option(m, DHCP_OPTION_MTU, &n);
        if (mtu && n == 2 && (mtu[0] << 8 | mtu[1]) >= MTU_MIN)
                l.mtu = mtu[0] << 8 | mtu[1];
        *ret = l;
        l = (DhcpLease){};
        return 0;
}

void dhcp_lease_done(DhcpLease *l) {
        cni_result_done(&l->result);
        *l = (DhcpLease){};
}

const IpPrefix *dhcp_lease_address(const DhcpLease *l) {
        return &l->result.ips[0].address;
}
