/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Ranges of addresses as host-local's configuration has them: a set is what one address is taken from. */

#include "ip-address.h"
#include "json.h"

typedef struct IpRange {
        IpPrefix subnet;
        IpAddress start, end; /* inclusive, both in the subnet */
        IpAddress gateway;    /* never given away */
} IpRange;

typedef struct IpRangeSet {
        IpRange *ranges; /* at least one; all of one family, none overlaps another */
        size_t n;
} IpRangeSet;

void ip_range_set_done(IpRangeSet *s);

/* A single range: {subnet, rangeStart, rangeEnd, gateway}. */
int ip_range_from_json(JsonContext *c, json_object *o, IpRange *ret);
/* A list of them. Errors are in c->error; what is in ret is the caller's to free in any case. */
int ip_range_set_from_json(JsonContext *c, json_object *o, IpRangeSet *ret);

/* The range that holds the address, or NULL. */
const IpRange *ip_range_set_find(const IpRangeSet *s, const IpAddress *a);
bool ip_range_sets_overlap(const IpRangeSet *a, const IpRangeSet *b);
/* "10.1.0.1-10.1.0.254,…", allocated. */
char *ip_range_set_format(const IpRangeSet *s);

/* Goes round a set once, from behind last (NULL, or not in the set: from the beginning); gateways are left
 * out. */
typedef struct IpRangeWalk {
        const IpRangeSet *set;
        size_t range;
        IpAddress next;
        IpAddress first;
        bool started;
} IpRangeWalk;

void ip_range_walk_start(IpRangeWalk *w, const IpRangeSet *s, const IpAddress *last);
/* The next address with the range it is of; NULL at the end. */
const IpRange *ip_range_walk_next(IpRangeWalk *w, IpAddress *ret);
