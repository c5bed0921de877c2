/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipam-range.h"

#include "alloc.h"
#include "cni-result.h"
#include "strv.h"

void ip_range_set_done(IpRangeSet *s) {
        free(s->ranges);
        *s = (IpRangeSet){};
}

static bool in_range(const IpRange *r, const IpAddress *a) {
        return a->family == r->subnet.address.family && ip_compare(a, &r->start) >= 0 &&
               ip_compare(a, &r->end) <= 0;
}

static int require_in_subnet(JsonContext *c, const IpRange *r, const IpAddress *a, const char *what) {
        char address[IP_TEXT_MAX], subnet[IP_PREFIX_TEXT_MAX];
        if (ip_prefix_contains(&r->subnet, a))
                return 0;
        return json_fail(c, "%s %s not in network %s", what, ip_format(a, address),
                        ip_prefix_format(&r->subnet, subnet));
}

/* The last address but, in IPv4, the broadcast address. */
static IpAddress default_end(const IpPrefix *subnet) {
        IpAddress last = ip_prefix_last(subnet);
        return last.family == AF_INET ? ip_add(&last, -1) : last;
}

static int complete(JsonContext *c, IpRange *r) {
        char text[IP_TEXT_MAX], subnet[IP_PREFIX_TEXT_MAX];
        IpAddress network = ip_prefix_first(&r->subnet), first = ip_add(&network, 1);
        ip_prefix_format(&r->subnet, subnet);
        if (r->subnet.length > ip_bits(network.family) - 2)
                return json_fail(c, "Network %s too small to allocate from", subnet);
        if (!ip_equal(&r->subnet.address, &network))
                return json_fail(c,
                                "Network has host bits set. For a subnet mask of length %u the network "
                                "address is %s",
                                r->subnet.length, ip_format(&network, text));
        if (!r->gateway.family)
                r->gateway = first;
        if (!r->start.family)
                r->start = first;
        if (!r->end.family)
                r->end = default_end(&r->subnet);
        int k = require_in_subnet(c, r, &r->gateway, "gateway");
        if (k >= 0)
                k = require_in_subnet(c, r, &r->start, "RangeStart");
        if (k >= 0)
                k = require_in_subnet(c, r, &r->end, "RangeEnd");
        if (k >= 0 && ip_compare(&r->start, &r->end) > 0)
                k = json_fail(c, "%s is in network %s but before start", ip_format(&r->end, text), subnet);
        return k;
}

int ip_range_from_json(JsonContext *c, json_object *o, IpRange *ret) {
        IpRange range = {};
        int r = json_expect(c, o, json_type_object);
        if (r >= 0)
                r = cni_get_prefix(c, o, "subnet", JSON_REQUIRED, &range.subnet);
        if (r >= 0)
                r = cni_get_address(c, o, "rangeStart", JSON_OPTIONAL, &range.start);
        if (r >= 0)
                r = cni_get_address(c, o, "rangeEnd", JSON_OPTIONAL, &range.end);
        if (r >= 0)
                r = cni_get_address(c, o, "gateway", JSON_OPTIONAL, &range.gateway);
        if (r >= 0)
                r = complete(c, &range);
        if (r >= 0)
                *ret = range;
        return r;
}

static bool ranges_overlap(const IpRange *a, const IpRange *b) {
        return in_range(a, &b->start) || in_range(a, &b->end) || in_range(b, &a->start);
}

static char *range_format(const IpRange *r) {
        char start[IP_TEXT_MAX], end[IP_TEXT_MAX];
        return xasprintf("%s-%s", ip_format(&r->start, start), ip_format(&r->end, end));
}

static int check_against_earlier(JsonContext *c, const IpRangeSet *s) {
        const IpRange *last = &s->ranges[s->n - 1];
        if (last->subnet.address.family != s->ranges[0].subnet.address.family)
                return json_fail(c, "mixed address families");
        for (size_t i = 0; i + 1 < s->n; i++)
                if (ranges_overlap(&s->ranges[i], last)) {
                        _cleanup_free_ char *a = range_format(&s->ranges[i]), *b = range_format(last);
                        return json_fail(c, "subnets %s and %s overlap", a, b);
                }
        return 0;
}

int ip_range_set_from_json(JsonContext *c, json_object *o, IpRangeSet *ret) {
        int r = json_expect(c, o, json_type_array);
        if (r >= 0 && json_object_array_length(o) == 0)
                r = json_fail(c, "empty range set");
        for (size_t i = 0; r >= 0 && i < json_object_array_length(o); i++) {
                size_t mark = json_enter_index(c, i);
                xgrow(&ret->ranges, ret->n);
                r = ip_range_from_json(c, json_object_array_get_idx(o, i), &ret->ranges[ret->n]);
                if (r >= 0) {
                        ret->n++;
                        r = check_against_earlier(c, ret);
                }
                json_leave(c, mark);
        }
        return r;
}

const IpRange *ip_range_set_find(const IpRangeSet *s, const IpAddress *a) {
        for (size_t i = 0; i < s->n; i++)
                if (in_range(&s->ranges[i], a))
                        return &s->ranges[i];
        return NULL;
}

bool ip_range_sets_overlap(const IpRangeSet *a, const IpRangeSet *b) {
        for (size_t i = 0; i < a->n; i++)
                for (size_t j = 0; j < b->n; j++)
                        if (ranges_overlap(&a->ranges[i], &b->ranges[j]))
                                return true;
        return false;
}

char *ip_range_set_format(const IpRangeSet *s) {
        _cleanup_strv_ char **l = NULL;
        for (size_t i = 0; i < s->n; i++)
                strv_push(&l, range_format(&s->ranges[i]));
        return strv_join(l, ",");
}

/* Behind an address of the set, in the same range or at the start of the next one. */
static void step(IpRangeWalk *w) {
        if (ip_equal(&w->next, &w->set->ranges[w->range].end)) {
                w->range = (w->range + 1) % w->set->n;
                w->next = w->set->ranges[w->range].start;
        } else
                w->next = ip_add(&w->next, 1);
}

void ip_range_walk_start(IpRangeWalk *w, const IpRangeSet *s, const IpAddress *last) {
        *w = (IpRangeWalk){ .set = s, .next = s->ranges[0].start };
        const IpRange *r = last ? ip_range_set_find(s, last) : NULL;
        if (r) {
                w->range = r - s->ranges;
                w->next = *last;
                step(w);
        }
        w->first = w->next;
}

const IpRange *ip_range_walk_next(IpRangeWalk *w, IpAddress *ret) {
        while (!w->started || !ip_equal(&w->next, &w->first)) {
                const IpRange *r = &w->set->ranges[w->range];
                *ret = w->next;
                w->started = true;
                step(w);
                if (!ip_equal(ret, &r->gateway))
                        return r;
        }
        return NULL;
}
