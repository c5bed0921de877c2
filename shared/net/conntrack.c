/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conntrack.h"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

#include "alloc.h"
#include "netlink.h"

#define TYPE(message) ((NFNL_SUBSYS_CTNETLINK << 8) | (message))

typedef struct Flows {
        const NatPort *ports;
        size_t n;
        struct nl_msg **deletions;
        size_t n_deletions;
} Flows;

static bool leads_to_ports(const Flows *f, uint16_t port) {
        for (size_t i = 0; i < f->n; i++)
                if (f->ports[i].protocol == IPPROTO_UDP && f->ports[i].host_port == port)
                        return true;
        return false;
}

/* The port that a flow of UDP began to, 0 for another protocol. */
static uint16_t first_port(struct nlattr *tuple) {
        struct nlattr *t[CTA_TUPLE_MAX + 1], *p[CTA_PROTO_MAX + 1];
        if (nla_parse_nested(t, CTA_TUPLE_MAX, tuple, NULL) < 0 || !t[CTA_TUPLE_PROTO] ||
                        nla_parse_nested(p, CTA_PROTO_MAX, t[CTA_TUPLE_PROTO], NULL) < 0 ||
                        !p[CTA_PROTO_NUM] || nla_get_u8(p[CTA_PROTO_NUM]) != IPPROTO_UDP ||
                        !p[CTA_PROTO_DST_PORT])
                return 0;
        return ntohs(nla_get_u16(p[CTA_PROTO_DST_PORT]));
}

static int note(struct nlmsghdr *h, void *data) {
        Flows *f = data;
        struct nlattr *a[CTA_MAX + 1];
        if (nlmsg_parse(h, sizeof(struct nfgenmsg), a, CTA_MAX, NULL) < 0 || !a[CTA_TUPLE_ORIG])
                return 0;
        uint16_t port = first_port(a[CTA_TUPLE_ORIG]);
        if (port == 0 || !leads_to_ports(f, port))
                return 0;
        struct nl_msg *m = netlink_message(
                        TYPE(IPCTNL_MSG_CT_DELETE), 0, nlmsg_data(h), sizeof(struct nfgenmsg));
        netlink_put(m, CTA_TUPLE_ORIG | NLA_F_NESTED, nla_data(a[CTA_TUPLE_ORIG]),
                        (size_t) nla_len(a[CTA_TUPLE_ORIG]));
        if (a[CTA_ID]) /* not the one that took its place meanwhile */
                netlink_put_u32(m, CTA_ID, nla_get_u32(a[CTA_ID]));
        xgrow(&f->deletions, f->n_deletions);
        f->deletions[f->n_deletions++] = m;
        return 0;
}

static bool has_udp(const NatPort *ports, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (ports[i].protocol == IPPROTO_UDP)
                        return true;
        return false;
}

void conntrack_forget_udp(const NatPort *ports, size_t n) {
        _cleanup_netlink_ Netlink *netlink = NULL;
        Flows f = { .ports = ports, .n = n };
        struct nfgenmsg any = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0 };
        if (!has_udp(ports, n) || netlink_open_protocol(-1, NETLINK_NETFILTER, &netlink) < 0)
                return;
        netlink_call(netlink, netlink_message(TYPE(IPCTNL_MSG_CT_GET), NLM_F_DUMP, &any, sizeof(any)), note,
                        &f);
        for (size_t i = 0; i < f.n_deletions; i++)
                netlink_call(netlink, f.deletions[i], NULL, NULL);
        free(f.deletions);
}
