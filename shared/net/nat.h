/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Masquerading of pods and ports of the host that lead to them, in the network namespace of the caller.
 *
 * Two backends do the same: nftables (a table "inet rkt" of its own, whose rules look addresses and ports up
 * in sets and maps, so that a pod is some elements and never a rule), and iptables' legacy tables (chains of
 * each pod's own). Each call is one transaction of the kernel. What is added belongs to an owner, whose name
 * stands beside each element and in a comment of each rule; removing goes by that name and looks in both
 * backends, so that nothing is left when the host has changed from one to the other. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ip-address.h"

typedef enum NatBackend {
        NAT_NFTABLES,
        NAT_IPTABLES,
        _NAT_BACKEND_MAX,
} NatBackend;

const char *nat_backend_name(NatBackend b);
/* -EINVAL for another word. */
int nat_backend_parse(const char *word, NatBackend *ret);
/* What the host uses: iptables' legacy tables if there are rules in its nat table, else nftables if the
 * kernel has it, else iptables. */
NatBackend nat_backend_of_host(void);

/* Both are identifiers of CNI: letters, digits, ".", "_" and "-". */
typedef struct NatOwner {
        const char *network;   /* NULL: what rkt itself adds for a pod */
        const char *container; /* for rkt the pod's UUID */
} NatOwner;

/* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP; "tcp", "udp", "sctp", in any case. -EINVAL for another word. */
const char *nat_protocol_name(int protocol);
int nat_protocol_parse(const char *name);

typedef struct NatPort {
        int protocol;
        IpAddress host;     /* no address: any of the host's, of either family; 0.0.0.0 or ::: of that one */
        uint16_t host_port; /* 1 … 65535 */
        uint16_t target_port; /* 1 … 65535 */
} NatPort;

/* Which connections to the ports come to the pod with the host's address, as they must where its answers
 * would go another way: those of the pod itself and of its neighbours in the network, and the host's own
 * through 127.0.0.1; or all. */
typedef enum NatHairpin {
        NAT_HAIRPIN_NONE,
        NAT_HAIRPIN_NEIGHBOURS,
        NAT_HAIRPIN_ALL,
} NatHairpin;

typedef struct NatPorts {
        const IpPrefix *targets; /* the pod's addresses, each with its network: the first of each family
                                    counts */
        size_t n_targets;
        const NatPort *ports;
        size_t n_ports;
        NatHairpin hairpin;
} NatPorts;

/* All of these return 0 or a negative errno, with what went wrong in *ret_error (allocated), since plugins
 * answer with it instead of logging. */

/* What comes from the addresses and does not go to their own network leaves with the host's address.
 * What the owner had masqueraded before is forgotten. */
int nat_masquerade_add(
                NatBackend b, const NatOwner *o, const IpPrefix *addresses, size_t n, char **ret_error);

/* -EADDRINUSE if another owner has one of the ports, which the message names. What the owner had before is
 * forgotten. */
int nat_ports_add(NatBackend b, const NatOwner *o, const NatPorts *p, char **ret_error);

/* Nothing there is fine. */
int nat_masquerade_remove(const NatOwner *o, char **ret_error);
int nat_ports_remove(const NatOwner *o, char **ret_error);

/* Whether all that the add with these arguments makes is there: -ENOENT if something is missing. */
int nat_masquerade_check(
                NatBackend b, const NatOwner *o, const IpPrefix *addresses, size_t n, char **ret_error);
int nat_ports_check(NatBackend b, const NatOwner *o, const NatPorts *p, char **ret_error);

/* Removes what belongs to owners that are not kept. */
int nat_collect(bool (*keep)(const NatOwner *o, void *data), void *data, char **ret_error);
