/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Networks that give out the same addresses: each keeps its own list of those that are taken, and the host
 * has one way to them, through the interface of whichever was there first. */

#include "alloc.h"
#include "cni-config.h"
#include "ip-address.h"

typedef bool (*EachSubnet)(const IpPrefix *subnet, void *userdata);

static const char *get_text(json_object *o, const char *key) {
        json_object *value;
        return json_object_object_get_ex(o, key, &value) && json_object_is_type(value, json_type_string)
                               ? json_object_get_string(value)
                               : NULL;
}

/* What is wrong with it the plugin says. */
static bool call_for(json_object *range, EachSubnet each, void *userdata) {
        const char *text = get_text(range, "subnet");
        IpPrefix subnet;
        return text && ip_prefix_parse(text, &subnet) >= 0 && each(&subnet, userdata);
}

/* Calls each for the subnets of host-local, in both of its forms, until one returns true. */
static bool find_subnet(const CniNetwork *n, EachSubnet each, void *userdata) {
        json_object *ipam, *sets, *set;
        if (!json_object_object_get_ex(n->plugins[0].json, "ipam", &ipam) ||
                        !streq_ptr(get_text(ipam, "type"), "host-local"))
                return false;
        if (call_for(ipam, each, userdata))
                return true;
        if (!json_object_object_get_ex(ipam, "ranges", &sets) || !json_object_is_type(sets, json_type_array))
                return false;
        for (size_t i = 0; i < json_object_array_length(sets); i++) {
                set = json_object_array_get_idx(sets, i);
                if (!json_object_is_type(set, json_type_array))
                        continue;
                for (size_t j = 0; j < json_object_array_length(set); j++)
                        if (call_for(json_object_array_get_idx(set, j), each, userdata))
                                return true;
        }
        return false;
}

typedef struct Search {
        const CniNetwork *other;
        IpPrefix mine, theirs;
} Search;

static bool is_mine(const IpPrefix *theirs, void *userdata) {
        Search *s = userdata;
        s->theirs = *theirs;
        return ip_prefix_overlaps(&s->mine, theirs);
}

static bool is_theirs(const IpPrefix *mine, void *userdata) {
        Search *s = userdata;
        s->mine = *mine;
        return find_subnet(s->other, is_mine, s);
}

/* On one bridge or interface they may share a subnet: with ranges of their own, it is one network. */
static bool on_same_link(const CniNetwork *a, const CniNetwork *b) {
        json_object *x = a->plugins[0].json, *y = b->plugins[0].json;
        if (!streq(a->plugins[0].type, b->plugins[0].type))
                return false;
        if (streq(a->plugins[0].type, "bridge"))
                return streq(get_text(x, "bridge") ?: "cni0", get_text(y, "bridge") ?: "cni0");
        const char *master = get_text(x, "master");
        return master && streq_ptr(master, get_text(y, "master"));
}

const CniNetwork *cni_networks_find_overlapping(
                const CniNetworks *l, const CniNetwork *n, char **ret_subnets) {
        for (size_t i = 0; i < l->n; i++) {
                char mine[IP_PREFIX_TEXT_MAX], theirs[IP_PREFIX_TEXT_MAX];
                Search s = { .other = &l->items[i] };
                if (s.other == n || on_same_link(n, s.other) || !find_subnet(n, is_theirs, &s))
                        continue;
                *ret_subnets = xasprintf("%s and %s", ip_prefix_format(&s.mine, mine),
                                ip_prefix_format(&s.theirs, theirs));
                return s.other;
        }
        return NULL;
}
