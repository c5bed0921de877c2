/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Elements of the sets and maps of one table of nftables, straight by netlink: libnftables reads a whole
 * table before it changes an element of it, and is as big as all else that a plugin loads. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlink.h"

#define NFT_ELEMENT_KEY_MAX   32
#define NFT_ELEMENT_VALUE_MAX 20

typedef struct NftElement {
        const char *set; /* not owned */
        /* Fields in network order, each padded with zeros to four bytes. Of a set of intervals end is where
         * they end, else it is the same as key. */
        uint8_t key[NFT_ELEMENT_KEY_MAX], end[NFT_ELEMENT_KEY_MAX];
        uint8_t value[NFT_ELEMENT_VALUE_MAX];
        size_t key_size, value_size; /* value_size 0: of a set */
        bool interval;
        char *owner; /* its comment; NULL for one that is only looked for or deleted */
} NftElement;

typedef struct NftElements {
        NftElement *items;
        size_t n;
} NftElements;

void nft_elements_done(NftElements *e);
#define _cleanup_nft_elements_ _cleanup_(nft_elements_done)
/* Borrowed until the next; its set is the caller's. */
NftElement *nft_elements_push(NftElements *e, const char *set);
/* The element of that set and key, or NULL. */
const NftElement *nft_elements_find(const NftElements *e, const NftElement *wanted);

/* A socket for the others, in the network namespace of the caller. Negative errno where the kernel has no
 * nftables. */
int nft_open(Netlink **ret);
/* Appends what the sets (the last name is NULL) of the table of family inet hold, without elements that have
 * no comment. -ENOENT: there is no such table. */
int nft_elements_list(Netlink *n, const char *table, const char *const *sets, NftElements *e);
/* One transaction: first deletes, then creates, with the comment owner. -EEXIST or -ENOTEMPTY: one that is
 * to be created is there; -ENOENT: one that is to be deleted, a set or the table is not. Deleted elements
 * are out of use at once, but closing the socket waits for a grace period of RCU, some 10 ms. */
int nft_elements_change(Netlink *n, const char *table, const NftElements *delete, const NftElements *create,
                const char *owner);
/* How many rules the table has; 0 if it is not there. */
int nft_rules_count(Netlink *n, const char *table, size_t *ret);

/* For messages of one's own: the user data that is a comment, and what begins and ends a transaction
 * (NFNL_MSG_BATCH_BEGIN, _END). */
void nft_put_comment(struct nl_msg *m, int attribute, const char *text);
char *nft_get_comment(struct nlattr *user_data); /* allocated; NULL: there is none */
void nft_add_border(NetlinkBatch *b, int type);
