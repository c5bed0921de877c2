/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Addresses and prefixes of both families, and their order and arithmetic. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "macro.h"

typedef struct IpAddress {
        int family;        /* AF_INET, AF_INET6, or 0 for no address */
        uint8_t bytes[16]; /* in network order; what the family does not use is 0 */
} IpAddress;

typedef struct IpPrefix {
        IpAddress address; /* may have host bits: 10.1.2.3/24 is an address with its network */
        unsigned length;   /* in bits */
} IpPrefix;

#define IP_TEXT_MAX        46 /* INET6_ADDRSTRLEN */
#define IP_PREFIX_TEXT_MAX (IP_TEXT_MAX + 4)

/* Bytes and bits of an address of the family. */
static inline size_t ip_size(int family) {
        return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}
static inline unsigned ip_bits(int family) {
        return ip_size(family) * 8;
}

/* -EINVAL for what inet_pton(3) does not take. *ret is written only on success. */
int ip_parse(const char *text, IpAddress *ret);
/* ADDRESS/LENGTH */
int ip_prefix_parse(const char *text, IpPrefix *ret);

/* Into buffer, which they return. "" for no address. */
const char *ip_format(const IpAddress *a, char buffer[static IP_TEXT_MAX]);
const char *ip_prefix_format(const IpPrefix *p, char buffer[static IP_PREFIX_TEXT_MAX]);

/* IPv4 before IPv6, then by number: negative, 0 or positive. */
int ip_compare(const IpAddress *a, const IpAddress *b);
static inline bool ip_equal(const IpAddress *a, const IpAddress *b) {
        return ip_compare(a, b) == 0;
}

bool ip_is_any(const IpAddress *a); /* 0.0.0.0 or :: */

/* The address offset further; wraps around at the end of all addresses. */
IpAddress ip_add(const IpAddress *a, int64_t offset);

IpAddress ip_prefix_first(const IpPrefix *p); /* the network's own: host bits 0 */
IpAddress ip_prefix_last(const IpPrefix *p);  /* host bits 1 */
bool ip_prefix_contains(const IpPrefix *p, const IpAddress *a);
/* Whether they have an address in common. */
bool ip_prefix_overlaps(const IpPrefix *a, const IpPrefix *b);
