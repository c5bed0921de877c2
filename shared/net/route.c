/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "route.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>

#include "alloc.h"

static void put_ip(struct nl_msg *m, int attribute, const IpAddress *a) {
        netlink_put(m, attribute, a->bytes, ip_size(a->family));
}

/* An attribute of the family's size, else no address. */
static IpAddress get_ip(struct nlattr *a, int family) {
        IpAddress ip = {};
        if (a && ip_size(family) && (size_t) nla_len(a) == ip_size(family)) {
                ip.family = family;
                memcpy(ip.bytes, nla_data(a), ip_size(family));
        }
        return ip;
}

static int change_address(Netlink *n, int type, int index, const IpPrefix *p, unsigned flags, int request) {
        int family = p->address.family;
        struct ifaddrmsg i = { .ifa_family = family, .ifa_prefixlen = p->length, .ifa_index = index };
        struct nl_msg *m = netlink_message(type, request, &i, sizeof(i));
        put_ip(m, IFA_LOCAL, &p->address);
        put_ip(m, IFA_ADDRESS, &p->address);
        if (request && family == AF_INET && p->length < 31) {
                IpAddress broadcast = ip_prefix_last(p);
                put_ip(m, IFA_BROADCAST, &broadcast);
        }
        if (flags)
                netlink_put_u32(m, IFA_FLAGS, flags);
        return netlink_call(n, m, NULL, NULL);
}

int address_add(Netlink *n, int index, const IpPrefix *p, unsigned flags) {
        return change_address(n, RTM_NEWADDR, index, p, flags, NLM_F_CREATE | NLM_F_EXCL);
}

int address_delete(Netlink *n, int index, const IpPrefix *p) {
        return change_address(n, RTM_DELADDR, index, p, 0, 0);
}

typedef struct AddressList {
        int index;
        LinkAddress *addresses;
        size_t n;
} AddressList;

static int take_address(struct nlmsghdr *h, void *data) {
        AddressList *l = data;
        struct nlattr *a[IFA_MAX + 1];
        if (h->nlmsg_type != RTM_NEWADDR || nlmsg_parse(h, sizeof(struct ifaddrmsg), a, IFA_MAX, NULL) < 0)
                return 0;
        struct ifaddrmsg *i = nlmsg_data(h);
        IpAddress ip = get_ip(a[IFA_LOCAL] ? a[IFA_LOCAL] : a[IFA_ADDRESS], i->ifa_family);
        if ((int) i->ifa_index != l->index || !ip.family)
                return 0;
        xgrow(&l->addresses, l->n);
        l->addresses[l->n++] = (LinkAddress){
                .address = { .address = ip, .length = i->ifa_prefixlen },
                .flags = a[IFA_FLAGS] ? nla_get_u32(a[IFA_FLAGS]) : i->ifa_flags,
                .scope = i->ifa_scope,
        };
        return 0;
}

int address_list(Netlink *n, int index, int family, LinkAddress **ret, size_t *ret_n) {
        struct ifaddrmsg i = { .ifa_family = family, .ifa_index = index };
        AddressList l = { .index = index };
        int r = netlink_call(n, netlink_message(RTM_GETADDR, NLM_F_DUMP, &i, sizeof(i)), take_address, &l);
        if (r < 0) {
                free(l.addresses);
                return r;
        }
        *ret = l.addresses;
        *ret_n = l.n;
        return 0;
}

static void put_metrics(struct nl_msg *m, const Route *r) {
        if (!r->mtu && !r->advmss)
                return;
        struct nlattr *metrics = netlink_nest(m, RTA_METRICS);
        if (r->mtu)
                netlink_put_u32(m, RTAX_MTU, r->mtu);
        if (r->advmss)
                netlink_put_u32(m, RTAX_ADVMSS, r->advmss);
        nla_nest_end(m, metrics);
}

static int change_route(Netlink *n, int type, int request, const Route *r) {
        unsigned table = r->table ? r->table : RT_TABLE_MAIN;
        int scope = r->scope >= 0 ? r->scope : r->gateway.family ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
        struct rtmsg i = {
                .rtm_family = r->destination.address.family,
                .rtm_dst_len = r->destination.length,
                .rtm_table = table < 256 ? table : RT_TABLE_UNSPEC,
                .rtm_protocol = r->protocol ? r->protocol : RTPROT_BOOT,
                .rtm_scope = scope,
                .rtm_type = r->type ? r->type : RTN_UNICAST,
                .rtm_flags = r->flags,
        };
        if (type == RTM_DELROUTE) {
                i.rtm_protocol = r->protocol;
                i.rtm_scope = r->scope >= 0 ? r->scope : RT_SCOPE_NOWHERE;
                i.rtm_type = r->type;
        }
        struct nl_msg *m = netlink_message(type, request, &i, sizeof(i));
        IpAddress destination = ip_prefix_first(&r->destination);
        if (r->destination.length > 0)
                put_ip(m, RTA_DST, &destination);
        if (r->gateway.family)
                put_ip(m, RTA_GATEWAY, &r->gateway);
        if (r->source.family)
                put_ip(m, RTA_PREFSRC, &r->source);
        if (r->index)
                netlink_put_u32(m, RTA_OIF, r->index);
        if (r->priority)
                netlink_put_u32(m, RTA_PRIORITY, r->priority);
        netlink_put_u32(m, RTA_TABLE, table);
        put_metrics(m, r);
        return netlink_call(n, m, NULL, NULL);
}

int route_add(Netlink *n, const Route *r) {
        return change_route(n, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, r);
}

int route_add_beside(Netlink *n, const Route *r) {
        int k = change_route(n, RTM_NEWROUTE, NLM_F_CREATE, r);
        return k == -EEXIST ? 0 : k;
}

int route_delete(Netlink *n, const Route *r) {
        return change_route(n, RTM_DELROUTE, 0, r);
}

typedef struct Visit {
        unsigned table;
        RouteEach route;
        RuleEach rule;
        void *data;
} Visit;

static int visit_route(struct nlmsghdr *h, void *data) {
        const Visit *v = data;
        struct nlattr *a[RTA_MAX + 1], *metric;
        if (h->nlmsg_type != RTM_NEWROUTE || nlmsg_parse(h, sizeof(struct rtmsg), a, RTA_MAX, NULL) < 0)
                return 0;
        struct rtmsg *i = nlmsg_data(h);
        Route r = {
                .destination = { .address = get_ip(a[RTA_DST], i->rtm_family), .length = i->rtm_dst_len },
                .gateway = get_ip(a[RTA_GATEWAY], i->rtm_family),
                .source = get_ip(a[RTA_PREFSRC], i->rtm_family),
                .index = a[RTA_OIF] ? nla_get_u32(a[RTA_OIF]) : 0,
                .table = a[RTA_TABLE] ? nla_get_u32(a[RTA_TABLE]) : i->rtm_table,
                .scope = i->rtm_scope,
                .protocol = i->rtm_protocol,
                .type = i->rtm_type,
                .flags = i->rtm_flags,
                .priority = a[RTA_PRIORITY] ? nla_get_u32(a[RTA_PRIORITY]) : 0,
        };
        r.destination.address.family = i->rtm_family; /* the default route has no RTA_DST */
        if (a[RTA_METRICS]) {
                metric = nla_find(nla_data(a[RTA_METRICS]), nla_len(a[RTA_METRICS]), RTAX_MTU);
                r.mtu = metric ? nla_get_u32(metric) : 0;
                metric = nla_find(nla_data(a[RTA_METRICS]), nla_len(a[RTA_METRICS]), RTAX_ADVMSS);
                r.advmss = metric ? nla_get_u32(metric) : 0;
        }
        if (v->table && r.table != v->table)
                return 0;
        return v->route(&r, v->data);
}

int route_each(Netlink *n, int family, unsigned table, RouteEach each, void *data) {
        struct rtmsg i = { .rtm_family = family };
        Visit v = { .table = table, .route = each, .data = data };
        return netlink_call(n, netlink_message(RTM_GETROUTE, NLM_F_DUMP, &i, sizeof(i)), visit_route, &v);
}

static int take_out_interface(struct nlmsghdr *h, void *data) {
        struct nlattr *a[RTA_MAX + 1];
        if (h->nlmsg_type == RTM_NEWROUTE && nlmsg_parse(h, sizeof(struct rtmsg), a, RTA_MAX, NULL) >= 0 &&
                        a[RTA_OIF])
                *(int *) data = (int) nla_get_u32(a[RTA_OIF]);
        return 0;
}

int route_find(Netlink *n, const IpAddress *to, int *ret_index) {
        struct rtmsg i = { .rtm_family = to->family, .rtm_dst_len = ip_bits(to->family) };
        struct nl_msg *m = netlink_message(RTM_GETROUTE, 0, &i, sizeof(i));
        int index = 0;
        put_ip(m, RTA_DST, to);
        int r = netlink_call(n, m, take_out_interface, &index);
        if (r < 0 || !index)
                return r < 0 ? r : -ENETUNREACH;
        *ret_index = index;
        return 0;
}

static int change_rule(Netlink *n, int type, int request, const IpPrefix *from, unsigned table) {
        struct fib_rule_hdr i = {
                .family = from->address.family,
                .src_len = from->length,
                .table = table < 256 ? table : RT_TABLE_UNSPEC,
                .action = FR_ACT_TO_TBL,
        };
        struct nl_msg *m = netlink_message(type, request, &i, sizeof(i));
        put_ip(m, FRA_SRC, &from->address);
        netlink_put_u32(m, FRA_TABLE, table);
        return netlink_call(n, m, NULL, NULL);
}

int rule_add(Netlink *n, const IpPrefix *from, unsigned table) {
        return change_rule(n, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, from, table);
}

int rule_delete(Netlink *n, const IpPrefix *from, unsigned table) {
        return change_rule(n, RTM_DELRULE, 0, from, table);
}

static int visit_rule(struct nlmsghdr *h, void *data) {
        const Visit *v = data;
        struct nlattr *a[FRA_MAX + 1];
        if (h->nlmsg_type != RTM_NEWRULE ||
                        nlmsg_parse(h, sizeof(struct fib_rule_hdr), a, FRA_MAX, NULL) < 0)
                return 0;
        struct fib_rule_hdr *i = nlmsg_data(h);
        IpPrefix from = { .address = get_ip(a[FRA_SRC], i->family), .length = i->src_len };
        return v->rule(i->family, &from, a[FRA_TABLE] ? nla_get_u32(a[FRA_TABLE]) : i->table, v->data);
}

int rule_each(Netlink *n, int family, RuleEach each, void *data) {
        struct fib_rule_hdr i = { .family = family };
        Visit v = { .rule = each, .data = data };
        return netlink_call(n, netlink_message(RTM_GETRULE, NLM_F_DUMP, &i, sizeof(i)), visit_rule, &v);
}
