/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Rules of nftables in the words of iptables-nft(8): it prints no table in which there is one that it could
 * not have made, and libnftables makes no others. */

#include "ip-address.h"

/* Inserts at the head of ip or ip6 filter FORWARD two rules that accept what comes from the address, and
 * what goes to it as an answer. -ENOENT: there is no such chain, or the kernel has no matches of iptables.
 */
int nft_leave_insert(const IpAddress *address, const char *comment);
