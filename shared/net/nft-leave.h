/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Rules of nftables in the words of iptables-nft(8): it prints no table in which there is one that it could
 * not have made, and libnftables makes no others. */

#include <stdbool.h>

#include "ip-address.h"

/* Of a table of the family, one of NFPROTO_…; false, too, where the kernel has no nftables. */
bool nft_has_chain(int family, const char *table, const char *chain);
/* Whether there is a chain to insert rules into. AF_INET, AF_INET6. */
bool nft_leave_is_needed(int family);

/* Inserts at the head of ip or ip6 filter FORWARD two rules that accept what comes from the address, and
 * what goes to it as an answer. -ENOENT: there is no such chain, or the kernel has no matches of iptables.
 */
int nft_leave_insert(const IpAddress *address, const char *comment);
