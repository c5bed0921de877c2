/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Traffic control: tc(8). All return 0 or the kernel's negative errno. */

#include <stdint.h>

#include "netlink.h"

/* A token bucket filter, tc-tbf(8), as an interface's root. */
typedef struct TokenBucket {
        uint64_t rate;  /* bytes a second */
        uint32_t burst; /* bytes */
        uint32_t limit; /* bytes that may wait */
} TokenBucket;

int traffic_limit(Netlink *n, int index, const TokenBucket *t);
/* -ENOENT if the interface has none. burst is not read back: the kernel keeps it as a time. */
int traffic_get_limit(Netlink *n, int index, TokenBucket *ret);
/* Sends what comes in on an interface out by another one, to be shaped there. */
int traffic_redirect_ingress(Netlink *n, int index, int to);
