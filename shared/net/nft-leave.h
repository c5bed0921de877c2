/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Rules of nftables in the words of iptables-nft(8): it prints no table in which there is one that it could
 * not have made, and libnftables makes no others. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ip-address.h"

/* Of a table of the family, one of NFPROTO_…; false, too, where the kernel has no nftables. */
bool nft_has_chain(int family, const char *table, const char *chain);
/* Whether there is a chain to insert rules into. AF_INET, AF_INET6. */
bool nft_leave_is_needed(int family);

/* Inserts at the head of ip or ip6 filter FORWARD two rules that accept what comes from the address, and
 * what goes to it as an answer. -ENOENT: there is no such chain, or the kernel has no matches of iptables.
 */
int nft_leave_insert(const IpAddress *address, const char *comment);

typedef struct NftLeaveRule {
        char *comment;
        uint64_t handle;
} NftLeaveRule;

typedef struct NftLeaveRules {
        NftLeaveRule *items;
        size_t n;
        bool interrupted; /* by a change, while it was listed */
} NftLeaveRules;

void nft_leave_rules_done(NftLeaveRules *l);
#define _cleanup_nft_leave_rules_ _cleanup_(nft_leave_rules_done)
/* The rules of that chain that have a comment, of whomever; none if there is no such chain. AF_INET,
 * AF_INET6. Negative errno where the kernel has no nftables. */
int nft_leave_list(int family, NftLeaveRules *ret);
/* In one transaction. -ENOENT: one of them is not there, and all are left. */
int nft_leave_delete(int family, const uint64_t *handles, size_t count);
