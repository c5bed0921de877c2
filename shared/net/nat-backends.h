/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What nat.c chooses from. The functions are those of nat.h, of one backend. */

#include "nat.h"

/* "NETWORK CONTAINER", which elements and rules carry; allocated. -ENAMETOOLONG if a comment cannot hold it;
 * logged. */
int nat_owner_text(const NatOwner *o, char **ret);
/* The other way; borrows from text, which is cut in two. False for a comment of somebody else's. */
bool nat_owner_parse(char *text, NatOwner *ret);

/* Of the targets the first of a family, or NULL. */
const IpPrefix *nat_target(const NatPorts *p, int family);
const char *nat_protocol_name(int protocol);

bool nft_is_there(void);
int nft_masquerade_add(const NatOwner *o, const IpPrefix *addresses, size_t n);
int nft_ports_add(const NatOwner *o, const NatPorts *p);
int nft_masquerade_remove(const NatOwner *o);
int nft_ports_remove(const NatOwner *o);
int nft_masquerade_check(const NatOwner *o, const IpPrefix *addresses, size_t n);
int nft_ports_check(const NatOwner *o, const NatPorts *p);
int nft_collect(bool (*keep)(const NatOwner *o, void *data), void *data);

/* Whether the legacy nat table of either family is loaded, and, with_rules, has rules. */
bool iptables_is_used(bool with_rules);
int iptables_masquerade_add(const NatOwner *o, const IpPrefix *addresses, size_t n);
int iptables_ports_add(const NatOwner *o, const NatPorts *p);
int iptables_masquerade_remove(const NatOwner *o);
int iptables_ports_remove(const NatOwner *o);
int iptables_masquerade_check(const NatOwner *o, const IpPrefix *addresses, size_t n);
int iptables_ports_check(const NatOwner *o, const NatPorts *p);
int iptables_collect(bool (*keep)(const NatOwner *o, void *data), void *data);
