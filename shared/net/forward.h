/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Leave for pods to pass a host that forwards only what it knows, as Docker and many firewalls set it up:
 * rules at the head of the chain FORWARD of the filter tables that the host has, iptables' legacy ones or
 * those that iptables-nft keeps in nftables. A host without such a chain needs no leave, and gets no table.
 */

#include "nat.h"

/* Whether the host has tables that may be firewalld's: it has one of its own, or chains in those of
 * iptables. */
bool forward_may_be_firewalld(void);
/* What comes from the addresses may pass, the answers to it, and what a port of the host leads to them. What
 * the owner had before is forgotten. */
int forward_allow(const NatOwner *o, const IpPrefix *addresses, size_t n, char **ret_error);
/* Nothing there is fine. */
int forward_forget(const NatOwner *o, char **ret_error);
/* -ENOENT if a rule is missing. */
int forward_check(const NatOwner *o, const IpPrefix *addresses, size_t n, char **ret_error);
int forward_collect(bool (*keep)(const NatOwner *o, void *data), void *data, char **ret_error);
