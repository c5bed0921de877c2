/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft-leave.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_conntrack.h>

#include "aftermath.h"
#include "alloc.h"
#include "nft-elements.h"

#define TABLE "filter"
#define CHAIN "FORWARD"

#define LIST_ATTEMPTS 10

/* One for all of this process: whoever closes one is held up as long as the kernel is clearing away what
 * anybody has changed, so that is left to a process of its own. In the network namespace of the first call;
 * borrowed. */
static int open_socket(Netlink **ret) {
        static Netlink *shared;
        if (!shared) {
                int r = nft_open(&shared);
                if (r < 0)
                        return r;
                aftermath_keep(shared);
        }
        *ret = shared;
        return 0;
}

/* Of the addresses in the headers of packets. */
#define SOURCE4      12
#define DESTINATION4 16
#define SOURCE6      8
#define DESTINATION6 24

static void put_number(struct nl_msg *m, int attribute, uint32_t value) {
        netlink_put_u32(m, attribute, htonl(value));
}

/* An expression, whose data the caller puts; *ret_data and what it returns are to be ended, in this order.
 */
static struct nlattr *begin_expression(struct nl_msg *m, const char *name, struct nlattr **ret_data) {
        struct nlattr *e = netlink_nest(m, NFTA_LIST_ELEM);
        netlink_put_string(m, NFTA_EXPR_NAME, name);
        *ret_data = netlink_nest(m, NFTA_EXPR_DATA);
        return e;
}

static void end_expression(struct nl_msg *m, struct nlattr *e, struct nlattr *data) {
        nla_nest_end(m, data);
        nla_nest_end(m, e);
}

static void put_address_match(struct nl_msg *m, const IpAddress *a, uint32_t offset) {
        struct nlattr *data, *value, *e = begin_expression(m, "payload", &data);
        put_number(m, NFTA_PAYLOAD_DREG, NFT_REG_1);
        put_number(m, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
        put_number(m, NFTA_PAYLOAD_OFFSET, offset);
        put_number(m, NFTA_PAYLOAD_LEN, (uint32_t) ip_size(a->family));
        end_expression(m, e, data);
        e = begin_expression(m, "cmp", &data);
        put_number(m, NFTA_CMP_SREG, NFT_REG_1);
        put_number(m, NFTA_CMP_OP, NFT_CMP_EQ);
        value = netlink_nest(m, NFTA_CMP_DATA);
        netlink_put(m, NFTA_DATA_VALUE, a->bytes, ip_size(a->family));
        nla_nest_end(m, value);
        end_expression(m, e, data);
}

/* -m conntrack --ctstate RELATED,ESTABLISHED,DNAT */
static void put_answers_match(struct nl_msg *m) {
        union {
                struct xt_conntrack_mtinfo3 info;
                uint8_t space[XT_ALIGN(sizeof(struct xt_conntrack_mtinfo3))];
        } match = { .space = {} };
        match.info.match_flags = XT_CONNTRACK_STATE;
        match.info.state_mask = XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED) |
                                XT_CONNTRACK_STATE_BIT(IP_CT_RELATED) | XT_CONNTRACK_STATE_DNAT;
        struct nlattr *data, *e = begin_expression(m, "match", &data);
        netlink_put_string(m, NFTA_MATCH_NAME, "conntrack");
        put_number(m, NFTA_MATCH_REV, 3);
        netlink_put(m, NFTA_MATCH_INFO, &match, sizeof(match));
        end_expression(m, e, data);
}

static void put_accept(struct nl_msg *m) {
        struct nlattr *data, *value, *verdict, *e = begin_expression(m, "counter", &data);
        end_expression(m, e, data);
        e = begin_expression(m, "immediate", &data);
        put_number(m, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
        value = netlink_nest(m, NFTA_IMMEDIATE_DATA);
        verdict = netlink_nest(m, NFTA_DATA_VERDICT);
        put_number(m, NFTA_VERDICT_CODE, NF_ACCEPT);
        nla_nest_end(m, verdict);
        nla_nest_end(m, value);
        end_expression(m, e, data);
}

/* AF_INET, AF_INET6. */
static struct nl_msg *rule_message(int type, int flags, int family) {
        struct nfgenmsg header = { .nfgen_family = family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6,
                .version = NFNETLINK_V0 };
        struct nl_msg *m =
                        netlink_message((NFNL_SUBSYS_NFTABLES << 8) | type, flags, &header, sizeof(header));
        netlink_put_string(m, NFTA_RULE_TABLE, TABLE);
        netlink_put_string(m, NFTA_RULE_CHAIN, CHAIN);
        return m;
}

static struct nl_msg *rule(const IpAddress *a, bool answers, const char *comment, int flags) {
        bool four = a->family == AF_INET;
        struct nl_msg *m = rule_message(NFT_MSG_NEWRULE, NLM_F_CREATE | flags, a->family);
        struct nlattr *expressions = netlink_nest(m, NFTA_RULE_EXPRESSIONS);
        put_address_match(m, a, answers ? (four ? DESTINATION4 : DESTINATION6) : four ? SOURCE4 : SOURCE6);
        if (answers)
                put_answers_match(m);
        put_accept(m);
        nla_nest_end(m, expressions);
        nft_put_comment(m, NFTA_RULE_USERDATA, comment);
        return m;
}

bool nft_has_chain(int family, const char *table, const char *chain) {
        Netlink *n = NULL;
        struct nfgenmsg header = { .nfgen_family = (uint8_t) family, .version = NFNETLINK_V0 };
        if (open_socket(&n) < 0)
                return false;
        struct nl_msg *m = netlink_message(
                        (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETCHAIN, 0, &header, sizeof(header));
        netlink_put_string(m, NFTA_CHAIN_TABLE, table);
        netlink_put_string(m, NFTA_CHAIN_NAME, chain);
        return netlink_call(n, m, NULL, NULL) >= 0;
}

bool nft_leave_is_needed(int family) {
        return nft_has_chain(family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6, TABLE, CHAIN);
}

int nft_leave_insert(const IpAddress *address, const char *comment) {
        _cleanup_netlink_batch_ NetlinkBatch b = {};
        Netlink *n = NULL;
        int r = open_socket(&n);
        if (r < 0)
                return r;
        nft_add_border(&b, NFNL_MSG_BATCH_BEGIN);
        netlink_batch_add(&b, rule(address, false, comment, 0));
        netlink_batch_add(&b, rule(address, true, comment, NLM_F_ACK));
        nft_add_border(&b, NFNL_MSG_BATCH_END);
        return netlink_batch_send(n, &b);
}

void nft_leave_rules_done(NftLeaveRules *l) {
        for (size_t i = 0; i < l->n; i++)
                free(l->items[i].comment);
        free(l->items);
        *l = (NftLeaveRules){};
}

static int take_rule(struct nlmsghdr *h, void *data) {
        NftLeaveRules *l = data;
        struct nlattr *a[NFTA_RULE_MAX + 1];
        l->interrupted |= !!(h->nlmsg_flags & NLM_F_DUMP_INTR);
        if (h->nlmsg_type != ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWRULE) ||
                        nlmsg_parse(h, sizeof(struct nfgenmsg), a, NFTA_RULE_MAX, NULL) < 0 ||
                        !a[NFTA_RULE_HANDLE] || !a[NFTA_RULE_USERDATA] || !a[NFTA_RULE_TABLE] ||
                        !a[NFTA_RULE_CHAIN] || nla_strcmp(a[NFTA_RULE_TABLE], TABLE) != 0 ||
                        nla_strcmp(a[NFTA_RULE_CHAIN], CHAIN) != 0)
                return 0;
        char *comment = nft_get_comment(a[NFTA_RULE_USERDATA]);
        if (!comment)
                return 0;
        xgrow(&l->items, l->n);
        l->items[l->n++] = (NftLeaveRule){ comment, be64toh(nla_get_u64(a[NFTA_RULE_HANDLE])) };
        return 0;
}

int nft_leave_list(int family, NftLeaveRules *ret) {
        Netlink *n = NULL;
        int r = open_socket(&n);
        *ret = (NftLeaveRules){};
        for (unsigned attempt = 0; r >= 0 && attempt < LIST_ATTEMPTS; attempt++) {
                nft_leave_rules_done(ret);
                r = netlink_call(n, rule_message(NFT_MSG_GETRULE, NLM_F_DUMP, family), take_rule, ret);
                if (!ret->interrupted)
                        break;
        }
        if (r < 0)
                nft_leave_rules_done(ret);
        return r;
}

int nft_leave_delete(int family, const uint64_t *handles, size_t count) {
        _cleanup_netlink_batch_ NetlinkBatch b = {};
        Netlink *n = NULL;
        int r = count > 0 ? open_socket(&n) : 0;
        if (r < 0 || count == 0)
                return r;
        nft_add_border(&b, NFNL_MSG_BATCH_BEGIN);
        for (size_t i = 0; i < count; i++) {
                uint64_t handle = htobe64(handles[i]);
                struct nl_msg *m = rule_message(NFT_MSG_DELRULE, i + 1 == count ? NLM_F_ACK : 0, family);
                netlink_put(m, NFTA_RULE_HANDLE, &handle, sizeof(handle));
                netlink_batch_add(&b, m);
        }
        nft_add_border(&b, NFNL_MSG_BATCH_END);
        return netlink_batch_send(n, &b);
}
