/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft-elements.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include "alloc.h"

#define TYPE(message) ((NFNL_SUBSYS_NFTABLES << 8) | (message))
/* What libnftables keeps beside an element or a rule is a list of type, length and value: this is a comment.
 */
#define USERDATA_COMMENT 0
#define COMMENT_MAX      255
/* Others change the table while it is listed. */
#define LIST_ATTEMPTS 10

void nft_elements_done(NftElements *e) {
        for (size_t i = 0; i < e->n; i++)
                free(e->items[i].owner);
        free(e->items);
}

NftElement *nft_elements_push(NftElements *e, const char *set) {
        xgrow(&e->items, e->n);
        e->items[e->n] = (NftElement){ .set = set };
        return &e->items[e->n++];
}

const NftElement *nft_elements_find(const NftElements *e, const NftElement *wanted) {
        for (size_t i = 0; i < e->n; i++) {
                const NftElement *there = &e->items[i];
                if (streq(there->set, wanted->set) &&
                                memcmp(there->key, wanted->key, sizeof(there->key)) == 0 &&
                                memcmp(there->end, wanted->end, sizeof(there->end)) == 0)
                        return there;
        }
        return NULL;
}

static struct nl_msg *message(int type, int flags) {
        struct nfgenmsg header = { .nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0 };
        return netlink_message(TYPE(type), flags, &header, sizeof(header));
}

int nft_open(Netlink **ret) {
        _cleanup_netlink_ Netlink *n = NULL;
        int r = netlink_open_protocol(-1, NETLINK_NETFILTER, &n);
        if (r >= 0)
                r = netlink_call(n, message(NFT_MSG_GETGEN, 0), NULL, NULL);
        if (r >= 0)
                *ret = TAKE_PTR(n);
        return r;
}

static void put_data(struct nl_msg *m, int attribute, const uint8_t *data, size_t size) {
        struct nlattr *nest = netlink_nest(m, attribute);
        netlink_put(m, NFTA_DATA_VALUE, data, size);
        nla_nest_end(m, nest);
}

void nft_put_comment(struct nl_msg *m, int attribute, const char *text) {
        uint8_t data[2 + COMMENT_MAX + 1];
        size_t size = MIN(strlen(text), (size_t) COMMENT_MAX - 1) + 1;
        data[0] = USERDATA_COMMENT;
        data[1] = (uint8_t) size;
        memcpy(data + 2, text, size - 1);
        data[2 + size - 1] = 0;
        netlink_put(m, attribute, data, 2 + size);
}

static struct nl_msg *element_message(
                int type, int flags, const char *table, const NftElement *e, const char *owner) {
        struct nl_msg *m = message(type, flags);
        netlink_put_string(m, NFTA_SET_ELEM_LIST_TABLE, table);
        netlink_put_string(m, NFTA_SET_ELEM_LIST_SET, e->set);
        struct nlattr *list = netlink_nest(m, NFTA_SET_ELEM_LIST_ELEMENTS);
        struct nlattr *element = netlink_nest(m, NFTA_LIST_ELEM);
        put_data(m, NFTA_SET_ELEM_KEY, e->key, e->key_size);
        if (e->interval)
                put_data(m, NFTA_SET_ELEM_KEY_END, e->end, e->key_size);
        if (owner && e->value_size > 0)
                put_data(m, NFTA_SET_ELEM_DATA, e->value, e->value_size);
        if (owner)
                nft_put_comment(m, NFTA_SET_ELEM_USERDATA, owner);
        nla_nest_end(m, element);
        nla_nest_end(m, list);
        return m;
}

void nft_add_border(NetlinkBatch *b, int type) {
        struct nfgenmsg header = { .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES) };
        netlink_batch_add(b, netlink_message(type, 0, &header, sizeof(header)));
}

/* The last one's success is acknowledged, others speak up if they fail. */
static int last_flag(size_t i, size_t n) {
        return i + 1 == n ? NLM_F_ACK : 0;
}

int nft_elements_change(Netlink *n, const char *table, const NftElements *delete, const NftElements *create,
                const char *owner) {
        _cleanup_netlink_batch_ NetlinkBatch b = {};
        size_t n_delete = delete ? delete->n : 0, n_create = create ? create->n : 0,
               all = n_delete + n_create;
        if (all == 0)
                return 0;
        nft_add_border(&b, NFNL_MSG_BATCH_BEGIN);
        for (size_t i = 0; i < n_delete; i++)
                netlink_batch_add(&b, element_message(NFT_MSG_DELSETELEM, last_flag(i, all), table,
                                                      &delete->items[i], NULL));
        for (size_t i = 0; i < n_create; i++)
                netlink_batch_add(
                                &b, element_message(NFT_MSG_NEWSETELEM,
                                                    NLM_F_CREATE | NLM_F_EXCL | last_flag(n_delete + i, all),
                                                    table, &create->items[i], owner));
        nft_add_border(&b, NFNL_MSG_BATCH_END);
        return netlink_batch_send(n, &b);
}

static bool take_data(struct nlattr *a, uint8_t *ret, size_t max, size_t *ret_size) {
        struct nlattr *value = a ? nla_find(nla_data(a), nla_len(a), NFTA_DATA_VALUE) : NULL;
        if (!value || (size_t) nla_len(value) > max)
                return false;
        *ret_size = (size_t) nla_len(value);
        memcpy(ret, nla_data(value), *ret_size);
        return true;
}

char *nft_get_comment(struct nlattr *a) {
        const uint8_t *data = a ? nla_data(a) : NULL;
        size_t size = a ? (size_t) nla_len(a) : 0;
        for (size_t length; size >= 2 && (length = data[1]) <= size - 2;
                        data += 2 + length, size -= 2 + length)
                if (data[0] == USERDATA_COMMENT)
                        return xstrndup((const char *) data + 2, length);
        return NULL;
}

typedef struct Listing {
        NftElements *elements;
        const char *set;
        bool interrupted;
} Listing;

static void take_element(Listing *l, struct nlattr *element) {
        struct nlattr *a[NFTA_SET_ELEM_MAX + 1];
        NftElement e = { .set = l->set };
        size_t end_size;
        if (nla_parse_nested(a, NFTA_SET_ELEM_MAX, element, NULL) < 0 ||
                        !take_data(a[NFTA_SET_ELEM_KEY], e.key, sizeof(e.key), &e.key_size))
                return;
        e.interval = take_data(a[NFTA_SET_ELEM_KEY_END], e.end, sizeof(e.end), &end_size);
        if (!e.interval)
                memcpy(e.end, e.key, sizeof(e.end));
        take_data(a[NFTA_SET_ELEM_DATA], e.value, sizeof(e.value), &e.value_size);
        e.owner = nft_get_comment(a[NFTA_SET_ELEM_USERDATA]);
        if (e.owner)
                *nft_elements_push(l->elements, l->set) = e;
}

static int take_elements(struct nlmsghdr *h, void *data) {
        Listing *l = data;
        struct nlattr *a[NFTA_SET_ELEM_LIST_MAX + 1], *element;
        int left;
        l->interrupted |= !!(h->nlmsg_flags & NLM_F_DUMP_INTR);
        if (h->nlmsg_type != TYPE(NFT_MSG_NEWSETELEM) ||
                        nlmsg_parse(h, sizeof(struct nfgenmsg), a, NFTA_SET_ELEM_LIST_MAX, NULL) < 0 ||
                        !a[NFTA_SET_ELEM_LIST_ELEMENTS])
                return 0;
        nla_for_each_nested(element, a[NFTA_SET_ELEM_LIST_ELEMENTS], left) take_element(l, element);
        return 0;
}

static int list_once(Netlink *n, const char *table, const char *set, NftElements *e) {
        Listing l = { .elements = e, .set = set };
        struct nl_msg *m = message(NFT_MSG_GETSETELEM, NLM_F_DUMP);
        netlink_put_string(m, NFTA_SET_ELEM_LIST_TABLE, table);
        netlink_put_string(m, NFTA_SET_ELEM_LIST_SET, set);
        int r = netlink_call(n, m, take_elements, &l);
        return r >= 0 && l.interrupted ? -EINTR : r;
}

int nft_elements_list(Netlink *n, const char *table, const char *const *sets, NftElements *e) {
        int r = 0;
        for (; *sets && r >= 0; sets++)
                for (unsigned attempt = 0; attempt < LIST_ATTEMPTS; attempt++) {
                        size_t before = e->n;
                        r = list_once(n, table, *sets, e);
                        if (r != -EINTR)
                                break;
                        while (e->n > before)
                                free(e->items[--e->n].owner);
                }
        return r;
}

typedef struct RuleCount {
        const char *table;
        size_t n;
} RuleCount;

static int count_rule(struct nlmsghdr *h, void *data) {
        RuleCount *c = data;
        struct nlattr *table = nlmsg_find_attr(h, sizeof(struct nfgenmsg), NFTA_RULE_TABLE);
        c->n += h->nlmsg_type == TYPE(NFT_MSG_NEWRULE) && table && nla_strcmp(table, c->table) == 0;
        return 0;
}

int nft_rules_count(Netlink *n, const char *table, size_t *ret) {
        RuleCount c = { .table = table };
        struct nl_msg *m = message(NFT_MSG_GETRULE, NLM_F_DUMP);
        netlink_put_string(m, NFTA_RULE_TABLE, table);
        int r = netlink_call(n, m, count_rule, &c);
        *ret = c.n;
        return r == -ENOENT ? 0 : r;
}
