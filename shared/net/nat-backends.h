/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What nat.c chooses from. The functions are those of nat.h, of one backend. */

#include "nat.h"

/* "NETWORK CONTAINER", which elements and rules carry; allocated. -ENAMETOOLONG if a comment cannot hold it.
 */
int nat_owner_text(const NatOwner *o, char **ret, char **ret_error);
/* Sets *ret_error and returns the error. */
int nat_fail(char **ret_error, int error, const char *format, ...) _printf_(3, 4);
/* -EADDRINUSE, and who has the port of the host, as nat_owner_text has it; to: where it leads, or NULL. */
int nat_port_is_taken(char **ret_error, int protocol, uint16_t port, const IpAddress *to, uint16_t to_port,
                const char *owner);
/* The other way; borrows from text, which is cut in two. False for a comment of somebody else's. */
bool nat_owner_parse(char *text, NatOwner *ret);

/* Of the targets the first of a family, or NULL. */
const IpPrefix *nat_target(const NatPorts *p, int family);

/* Whether a port is one of a family's addresses, and the one it is bound to, or NULL for any of them. */
bool nat_port_is_of(const NatPort *p, int family);
const IpAddress *nat_port_host(const NatPort *p);

/* Nothing is there to be removed where the kernel has no nftables. */
bool nft_is_there(void);
int nft_masquerade_add(const NatOwner *o, const IpPrefix *addresses, size_t n, char **ret_error);
int nft_ports_add(const NatOwner *o, const NatPorts *p, char **ret_error);
int nft_masquerade_remove(const NatOwner *o, char **ret_error);
int nft_ports_remove(const NatOwner *o, char **ret_error);
int nft_masquerade_check(const NatOwner *o, const IpPrefix *addresses, size_t n, char **ret_error);
int nft_ports_check(const NatOwner *o, const NatPorts *p, char **ret_error);
int nft_collect(bool (*keep)(const NatOwner *o, void *data), void *data, char **ret_error);

/* Whether the legacy nat table of either family is loaded, and, with_rules, has rules. */
bool iptables_is_used(bool with_rules);
int iptables_masquerade_add(const NatOwner *o, const IpPrefix *addresses, size_t n, char **ret_error);
int iptables_ports_add(const NatOwner *o, const NatPorts *p, char **ret_error);
int iptables_masquerade_remove(const NatOwner *o, char **ret_error);
int iptables_ports_remove(const NatOwner *o, char **ret_error);
int iptables_masquerade_check(const NatOwner *o, const IpPrefix *addresses, size_t n, char **ret_error);
int iptables_ports_check(const NatOwner *o, const NatPorts *p, char **ret_error);
int iptables_collect(bool (*keep)(const NatOwner *o, void *data), void *data, char **ret_error);
