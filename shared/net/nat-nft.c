/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <errno.h>

#include "aftermath.h"
#include "alloc.h"
#include "nat-backends.h"
#include "nft-elements.h"
#include "nft-run.h"

#define NAME  "rkt"
#define TABLE "inet " NAME
/* Others change the table between our look at it and our change. */
#define ATTEMPTS 5

/* Made when it is not there. What a pod adds are elements only: a transaction that deletes rules makes its
 * process wait for a grace period of RCU, some 10 ms. Old nft takes no names for all priorities. */
static const char base[] =
                "add table " TABLE " { comment \"ports and masquerading of pods, see rkt-netplug(8)\"; }\n"
                "add map " TABLE
                " ports4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }\n"
                "add map " TABLE
                " ports6 { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service; }\n"
                "add map " TABLE
                " anyports4 { type inet_proto . inet_service : ipv4_addr . inet_service; }\n"
                "add map " TABLE
                " anyports6 { type inet_proto . inet_service : ipv6_addr . inet_service; }\n"
                "add set " TABLE " hairpin4 { type ipv4_addr . ipv4_addr; flags interval; }\n"
                "add set " TABLE " hairpin6 { type ipv6_addr . ipv6_addr; flags interval; }\n"
                "add set " TABLE " within4 { type ipv4_addr . ipv4_addr; flags interval; }\n"
                "add set " TABLE " within6 { type ipv6_addr . ipv6_addr; flags interval; }\n"
                "add set " TABLE " pods4 { type ipv4_addr; }\n"
                "add set " TABLE " pods6 { type ipv6_addr; }\n"
                "add chain " TABLE " ports\n"
                "add chain " TABLE " prerouting { type nat hook prerouting priority -100; }\n"
                "add chain " TABLE " output { type nat hook output priority -100; }\n"
                "add chain " TABLE " postrouting { type nat hook postrouting priority 100; }\n"
                "flush table " TABLE "\n"
                "add rule " TABLE " prerouting fib daddr type local jump ports\n"
                "add rule " TABLE " output fib daddr type local jump ports\n"
                "add rule " TABLE " ports dnat ip to ip daddr . meta l4proto . th dport map @ports4\n"
                "add rule " TABLE " ports dnat ip6 to ip6 daddr . meta l4proto . th dport map @ports6\n"
                "add rule " TABLE " ports dnat ip to meta l4proto . th dport map @anyports4\n"
                "add rule " TABLE " ports dnat ip6 to meta l4proto . th dport map @anyports6\n"
                "add rule " TABLE " postrouting ct status dnat ip saddr . ip daddr @hairpin4 masquerade\n"
                "add rule " TABLE " postrouting ct status dnat ip6 saddr . ip6 daddr @hairpin6 masquerade\n"
                "add rule " TABLE " postrouting ip saddr . ip daddr @within4 return\n"
                "add rule " TABLE " postrouting ip6 saddr . ip6 daddr @within6 return\n"
                "add rule " TABLE " postrouting ip daddr 224.0.0.0/4 return\n"
                "add rule " TABLE " postrouting ip6 daddr ff00::/8 return\n"
                "add rule " TABLE " postrouting ip saddr @pods4 masquerade\n"
                "add rule " TABLE " postrouting ip6 saddr @pods6 masquerade\n";
#define BASE_RULES 14

/* The sets and maps of one concern. */
static const char *const masquerade_sets[] = { "pods4", "pods6", "within4", "within6", NULL };
static const char *const port_sets[] = { "ports4", "ports6", "anyports4", "anyports6", "hairpin4",
        "hairpin6", NULL };
static const char *const all_sets[] = { "pods4", "pods6", "within4", "within6", "ports4", "ports6",
        "anyports4", "anyports6", "hairpin4", "hairpin6", NULL };

bool nft_is_there(void) {
        _cleanup_netlink_ Netlink *n = NULL;
        return nft_open(&n) >= 0;
}

static int open_socket(Netlink **ret, char **ret_error) {
        int r = nft_open(ret);
        return r < 0 ? nat_fail(ret_error, r, "nftables: %s", strerror(-r)) : 0;
}

static int list(Netlink *n, const char *const *sets, NftElements *ret, char **ret_error) {
        int r = nft_elements_list(n, NAME, sets, ret);
        return r < 0 && r != -ENOENT
                               ? nat_fail(ret_error, r, "nft: cannot list table " TABLE ": %s", strerror(-r))
                               : r;
}

/* Fields of a key or value. */
static void put(uint8_t *to, size_t *at, const void *data, size_t size) {
        memcpy(to + *at, data, size);
        *at += (size + 3) & ~(size_t) 3;
}

static void put_port(uint8_t *to, size_t *at, uint16_t port) {
        uint16_t number = htons(port);
        put(to, at, &number, sizeof(number));
}

static void put_address(uint8_t *to, size_t *at, const IpAddress *a) {
        put(to, at, a->bytes, ip_size(a->family));
}

static uint16_t get_port(const uint8_t *at) {
        return (uint16_t) (at[0] << 8 | at[1]);
}

/* Ports of two owners exclude each other. An address has one pod: who else claims it is dead. */
static int refuse_conflict(
                const NftElements *there, const NftElements *wanted, const char *owner, char **ret_error) {
        for (size_t i = 0; i < wanted->n; i++) {
                const NftElement *e = &wanted->items[i];
                const NftElement *other = e->value_size > 0 ? nft_elements_find(there, e) : NULL;
                if (!other || streq(other->owner, owner))
                        continue;
                IpAddress to = { .family = other->value_size == 8 ? AF_INET : AF_INET6 };
                memcpy(to.bytes, other->value, ip_size(to.family));
                return nat_port_is_taken(ret_error, e->key[e->key_size - 8],
                                get_port(e->key + e->key_size - 4), &to,
                                get_port(other->value + other->value_size - 4), other->owner);
        }
        return 0;
}

/* Whether element e gives way: it is the owner's in these sets, or has the key of a wanted one. */
static bool gives_way(const NftElement *e, const char *owner, const NftElements *wanted) {
        return streq(e->owner, owner) || nft_elements_find(wanted, e);
}

static int ensure_base(Netlink *n, char **ret_error) {
        _cleanup_free_ char *error = NULL;
        size_t rules = 0;
        int r = nft_rules_count(n, NAME, &rules);
        if (r >= 0 && rules != BASE_RULES)
                r = nft_run(base, NULL, &error);
        return r < 0 ? nat_fail(ret_error, r, "nft: cannot make the table " TABLE ": %s",
                                       error ?: strerror(-r))
                     : 0;
}

/* Creates the wanted ones where something of them or not even the table is there. */
static int replace(Netlink *n, const char *const *sets, const char *owner, const NftElements *wanted,
                char **ret_error) {
        _cleanup_nft_elements_ NftElements there = {};
        NftElements delete = {}; /* which owns no names */
        int r = ensure_base(n, ret_error);
        if (r >= 0)
                r = list(n, sets, &there, ret_error);
        if (r >= 0)
                r = refuse_conflict(&there, wanted, owner, ret_error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < there.n; i++)
                if (gives_way(&there.items[i], owner, wanted)) {
                        NftElement *e = nft_elements_push(&delete, there.items[i].set);
                        *e = there.items[i];
                        e->owner = NULL;
                }
        r = nft_elements_change(n, NAME, &delete, wanted, owner);
        nft_elements_done(&delete);
        return r;
}

static int commit(const char *const *sets, const NatOwner *o, const NftElements *wanted, char **ret_error) {
        _cleanup_free_ char *owner = NULL;
        _cleanup_netlink_ Netlink *n = NULL;
        int r = nat_owner_text(o, &owner, ret_error);
        if (r < 0 || (r = open_socket(&n, ret_error)) < 0)
                return r;
        /* Nearly always the table is there and the elements are not. */
        r = nft_elements_change(n, NAME, NULL, wanted, owner);
        for (unsigned i = 0; i < ATTEMPTS && (r == -EEXIST || r == -ENOTEMPTY || r == -ENOENT); i++)
                r = replace(n, sets, owner, wanted, ret_error);
        if (r < 0 && !*ret_error)
                nat_fail(ret_error, r, "nft: cannot add the addresses and ports of %s: %s", o->container,
                                strerror(-r));
        return r;
}

static const char *const names[2][4] = {
        { "pods4", "within4", "hairpin4", "ports4" },
        { "pods6", "within6", "hairpin6", "ports6" },
};

static void push_address(NftElements *e, const char *set, const IpAddress *a) {
        NftElement *i = nft_elements_push(e, set);
        put_address(i->key, &i->key_size, a);
        memcpy(i->end, i->key, sizeof(i->end));
}

/* What goes from one network to another. */
static void push_pair(NftElements *e, const char *set, const IpPrefix *from, const IpPrefix *to) {
        NftElement *i = nft_elements_push(e, set);
        IpAddress first = ip_prefix_first(from), last = ip_prefix_last(from);
        size_t at = 0;
        put_address(i->key, &i->key_size, &first);
        put_address(i->end, &at, &last);
        first = ip_prefix_first(to);
        last = ip_prefix_last(to);
        put_address(i->key, &i->key_size, &first);
        put_address(i->end, &at, &last);
        i->interval = true;
}

static IpPrefix alone(const IpAddress *a) {
        return (IpPrefix){ *a, ip_bits(a->family) };
}

static NftElements masquerade_elements(const IpPrefix *addresses, size_t n) {
        NftElements e = {};
        for (size_t i = 0; i < n; i++) {
                const IpPrefix *p = &addresses[i], self = alone(&p->address);
                const char *const *sets = names[p->address.family == AF_INET6];
                push_address(&e, sets[0], &p->address);
                if (p->length < ip_bits(p->address.family))
                        push_pair(&e, sets[1], &self, p);
        }
        return e;
}

static void push_hairpin(NftElements *e, const IpPrefix *target, NatHairpin hairpin) {
        static const IpPrefix loopback = { { AF_INET, { 127 } }, 8 };
        int family = target->address.family;
        const IpPrefix self = alone(&target->address), any = { .address.family = family };
        const char *set = names[family == AF_INET6][2];
        push_pair(e, set, hairpin == NAT_HAIRPIN_ALL ? &any : target, &self);
        if (family == AF_INET && hairpin != NAT_HAIRPIN_ALL)
                push_pair(e, set, &loopback, &self);
}

static void push_port(NftElements *e, const NatPort *port, const IpPrefix *target) {
        bool six = target->address.family == AF_INET6;
        uint8_t protocol = (uint8_t) port->protocol;
        NftElement *i = nft_elements_push(e, nat_port_host(port) ? names[six][3]
                                             : six               ? "anyports6"
                                                                 : "anyports4");
        if (nat_port_host(port))
                put_address(i->key, &i->key_size, &port->host);
        put(i->key, &i->key_size, &protocol, sizeof(protocol));
        put_port(i->key, &i->key_size, port->host_port);
        memcpy(i->end, i->key, sizeof(i->end));
        put_address(i->value, &i->value_size, &target->address);
        put_port(i->value, &i->value_size, port->target_port);
}

static NftElements port_elements(const NatPorts *p) {
        static const int families[] = { AF_INET, AF_INET6 };
        NftElements e = {};
        for (size_t f = 0; f < ELEMENTSOF(families); f++) {
                const IpPrefix *target = nat_target(p, families[f]);
                bool used = false;
                for (size_t i = 0; target && i < p->n_ports; i++)
                        if (nat_port_is_of(&p->ports[i], families[f])) {
                                push_port(&e, &p->ports[i], target);
                                used = true;
                        }
                if (used && p->hairpin)
                        push_hairpin(&e, target, p->hairpin);
        }
        return e;
}

int nft_masquerade_add(const NatOwner *o, const IpPrefix *addresses, size_t n, char **ret_error) {
        _cleanup_nft_elements_ NftElements e = masquerade_elements(addresses, n);
        return commit(masquerade_sets, o, &e, ret_error);
}

int nft_ports_add(const NatOwner *o, const NatPorts *p, char **ret_error) {
        _cleanup_nft_elements_ NftElements e = port_elements(p);
        return commit(port_sets, o, &e, ret_error);
}

typedef bool (*Match)(const NftElement *e, const void *data);

static int delete_once(
                Netlink *n, const char *const *sets, Match match, const void *data, char **ret_error) {
        _cleanup_nft_elements_ NftElements there = {};
        size_t kept = 0;
        int r = list(n, sets, &there, ret_error);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        for (size_t i = 0; i < there.n; i++)
                if (match(&there.items[i], data)) {
                        NftElement e = there.items[kept];
                        there.items[kept++] = there.items[i];
                        there.items[i] = e;
                }
        const NftElements doomed = { there.items, kept };
        return nft_elements_change(n, NAME, &doomed, NULL, NULL);
}

/* Deletes the elements that match says. */
static int delete_elements(const char *const *sets, Match match, const void *data, char **ret_error) {
        Netlink *n;
        int r = -ENOENT;
        if (nft_open(&n) < 0)
                return 0; /* a kernel without nftables has nothing of it */
        for (unsigned i = 0; i < ATTEMPTS && r == -ENOENT; i++)
                r = delete_once(n, sets, match, data, ret_error);
        aftermath_keep(n);
        return r < 0 && !*ret_error
                               ? nat_fail(ret_error, r, "nft: cannot delete elements of table " TABLE ": %s",
                                                 strerror(-r))
                               : r;
}

static bool is_owned(const NftElement *e, const void *data) {
        return streq(e->owner, data);
}

static int remove_owned(const char *const *sets, const NatOwner *o, char **ret_error) {
        _cleanup_free_ char *owner = NULL;
        int r = nat_owner_text(o, &owner, ret_error);
        return r < 0 ? r : delete_elements(sets, is_owned, owner, ret_error);
}

int nft_masquerade_remove(const NatOwner *o, char **ret_error) {
        return remove_owned(masquerade_sets, o, ret_error);
}

int nft_ports_remove(const NatOwner *o, char **ret_error) {
        return remove_owned(port_sets, o, ret_error);
}

static int check_elements(
                const char *const *sets, const NatOwner *o, const NftElements *wanted, char **ret_error) {
        _cleanup_nft_elements_ NftElements there = {};
        _cleanup_free_ char *owner = NULL;
        _cleanup_netlink_ Netlink *n = NULL;
        size_t rules = 0;
        int r = nat_owner_text(o, &owner, ret_error);
        if (r < 0 || (r = open_socket(&n, ret_error)) < 0)
                return r;
        r = list(n, sets, &there, ret_error);
        if (r < 0 && r != -ENOENT)
                return r;
        if (nft_rules_count(n, NAME, &rules) < 0 || rules != BASE_RULES)
                return nat_fail(ret_error, -ENOENT, "nft: the rules of table " TABLE " are not complete");
        for (size_t i = 0; i < wanted->n; i++) {
                const NftElement *e = &wanted->items[i], *found = nft_elements_find(&there, e);
                if (!found || !streq(found->owner, owner) ||
                                memcmp(found->value, e->value, sizeof(e->value)) != 0)
                        return nat_fail(ret_error, -ENOENT,
                                        "nft: an element of %s is missing in %s of table " TABLE,
                                        o->container, e->set);
        }
        return 0;
}

int nft_masquerade_check(const NatOwner *o, const IpPrefix *addresses, size_t n, char **ret_error) {
        _cleanup_nft_elements_ NftElements e = masquerade_elements(addresses, n);
        return check_elements(masquerade_sets, o, &e, ret_error);
}

int nft_ports_check(const NatOwner *o, const NatPorts *p, char **ret_error) {
        _cleanup_nft_elements_ NftElements e = port_elements(p);
        return check_elements(port_sets, o, &e, ret_error);
}

typedef struct Keep {
        bool (*keep)(const NatOwner *o, void *data);
        void *data;
} Keep;

static bool is_not_kept(const NftElement *e, const void *data) {
        const Keep *k = data;
        _cleanup_free_ char *text = xstrdup(e->owner);
        NatOwner owner;
        return nat_owner_parse(text, &owner) && !k->keep(&owner, k->data);
}

int nft_collect(bool (*keep)(const NatOwner *o, void *data), void *data, char **ret_error) {
        return delete_elements(all_sets, is_not_kept, &(Keep){ keep, data }, ret_error);
}
