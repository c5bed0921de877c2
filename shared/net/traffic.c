/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "traffic.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <netinet/in.h>

#include <linux/pkt_cls.h>

static struct nl_msg *qdisc_message(int index, uint32_t parent, uint32_t handle, const char *kind) {
        struct tcmsg t = {
                .tcm_family = AF_UNSPEC, .tcm_ifindex = index, .tcm_parent = parent, .tcm_handle = handle
        };
        struct nl_msg *m = netlink_message(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &t, sizeof(t));
        netlink_put_string(m, TCA_KIND, kind);
        return m;
}

int traffic_limit(Netlink *n, int index, const TokenBucket *t) {
        struct nl_msg *m = qdisc_message(index, TC_H_ROOT, TC_H_MAKE(1 << 16, 0), "tbf");
        /* the kernel computes the bucket from the burst itself; the link layer says that there is no table
         */
        struct tc_tbf_qopt q = {
                .rate = { .rate = MIN(t->rate, UINT32_MAX), .linklayer = TC_LINKLAYER_ETHERNET },
                .limit = t->limit,
        };
        struct nlattr *options = netlink_nest(m, TCA_OPTIONS);
        netlink_put(m, TCA_TBF_PARMS, &q, sizeof(q));
        netlink_put_u32(m, TCA_TBF_BURST, t->burst);
        if (t->rate > UINT32_MAX)
                netlink_put(m, TCA_TBF_RATE64, &t->rate, sizeof(t->rate));
        nla_nest_end(m, options);
        return netlink_call(n, m, NULL, NULL);
}

typedef struct LimitSearch {
        int index;
        bool found;
        TokenBucket limit;
} LimitSearch;

static int take_limit(struct nlmsghdr *h, void *data) {
        LimitSearch *s = data;
        struct nlattr *a[TCA_MAX + 1], *o[TCA_TBF_MAX + 1];
        if (h->nlmsg_type != RTM_NEWQDISC || nlmsg_parse(h, sizeof(struct tcmsg), a, TCA_MAX, NULL) < 0)
                return 0;
        struct tcmsg *t = nlmsg_data(h);
        if (t->tcm_ifindex != s->index || t->tcm_parent != TC_H_ROOT || !a[TCA_KIND] || !a[TCA_OPTIONS] ||
                        nla_strcmp(a[TCA_KIND], "tbf") != 0 ||
                        nla_parse_nested(o, TCA_TBF_MAX, a[TCA_OPTIONS], NULL) < 0 || !o[TCA_TBF_PARMS] ||
                        nla_len(o[TCA_TBF_PARMS]) < (int) sizeof(struct tc_tbf_qopt))
                return 0;
        const struct tc_tbf_qopt *q = nla_data(o[TCA_TBF_PARMS]);
        s->found = true;
        s->limit.rate = o[TCA_TBF_RATE64] ? nla_get_u64(o[TCA_TBF_RATE64]) : q->rate.rate;
        s->limit.limit = q->limit;
        return 0;
}

int traffic_get_limit(Netlink *n, int index, TokenBucket *ret) {
        struct tcmsg t = { .tcm_family = AF_UNSPEC, .tcm_ifindex = index };
        LimitSearch s = { .index = index };
        int r = netlink_call(n, netlink_message(RTM_GETQDISC, NLM_F_DUMP, &t, sizeof(t)), take_limit, &s);
        if (r < 0)
                return r;
        if (!s.found)
                return -ENOENT;
        *ret = s.limit;
        return 0;
}

static void put_redirect(struct nl_msg *m, int to) {
        struct tc_mirred mirred = { .action = TC_ACT_STOLEN, .eaction = TCA_EGRESS_REDIR, .ifindex = to };
        struct nlattr *actions = netlink_nest(m, TCA_U32_ACT);
        struct nlattr *first = netlink_nest(m, 1);
        netlink_put_string(m, TCA_ACT_KIND, "mirred");
        struct nlattr *options = netlink_nest(m, TCA_ACT_OPTIONS);
        netlink_put(m, TCA_MIRRED_PARMS, &mirred, sizeof(mirred));
        nla_nest_end(m, options);
        nla_nest_end(m, first);
        nla_nest_end(m, actions);
}

static int add_redirect(Netlink *n, int index, int to) {
        struct {
                struct tc_u32_sel selector;
                struct tc_u32_key key; /* of zeroes: each packet has it */
        } all = { .selector = { .flags = TC_U32_TERMINAL, .nkeys = 1 } };
        struct tcmsg t = {
                .tcm_family = AF_UNSPEC,
                .tcm_ifindex = index,
                .tcm_parent = TC_H_MAKE(TC_H_INGRESS, 0),
                .tcm_info = TC_H_MAKE(1 << 16, htons(ETH_P_ALL)),
        };
        struct nl_msg *m = netlink_message(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, &t, sizeof(t));
        netlink_put_string(m, TCA_KIND, "u32");
        struct nlattr *options = netlink_nest(m, TCA_OPTIONS);
        netlink_put_u32(m, TCA_U32_CLASSID, TC_H_MAKE(1 << 16, 1));
        netlink_put(m, TCA_U32_SEL, &all, sizeof(all));
        put_redirect(m, to);
        nla_nest_end(m, options);
        return netlink_call(n, m, NULL, NULL);
}

int traffic_redirect_ingress(Netlink *n, int index, int to) {
        struct nl_msg *m = qdisc_message(index, TC_H_INGRESS, TC_H_MAKE(TC_H_INGRESS, 0), "ingress");
        int r = netlink_call(n, m, NULL, NULL);
        return r < 0 && r != -EEXIST ? r : add_redirect(n, index, to);
}
