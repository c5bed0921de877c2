/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>

#include "alloc.h"
#include "json.h"
#include "nat-backends.h"
#include "nft-run.h"

#define TABLE "inet rkt"

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

typedef struct Element {
        const char *set;
        char *key;
        char *value; /* NULL: of a set */
        char *owner; /* NULL: whose the list of elements is */
} Element;

typedef struct Elements {
        Element *items;
        size_t n;
        size_t rules;      /* of a listed table: how many it has */
        json_object *json; /* owns the names of sets */
} Elements;

static void elements_done(Elements *e) {
        for (size_t i = 0; i < e->n; i++) {
                free(e->items[i].key);
                free(e->items[i].value);
                free(e->items[i].owner);
        }
        free(e->items);
        json_object_put(e->json);
}
#define _cleanup_elements_ _cleanup_(elements_done)

/* key and value are taken. */
static void elements_push(Elements *e, const char *set, char *key, char *value, char *owner) {
        xgrow(&e->items, e->n);
        e->items[e->n++] = (Element){ .set = set, .key = key, .value = value, .owner = owner };
}

bool nft_is_there(void) {
        return nft_run("list tables", NULL, NULL) >= 0;
}

/* An expression of nft's JSON in the words of its commands. */
static char *expression_text(json_object *o) {
        json_object *inner;
        if (json_object_object_get_ex(o, "concat", &inner)) {
                char *text = NULL;
                for (size_t i = 0; i < json_object_array_length(inner); i++) {
                        _cleanup_free_ char *part = expression_text(json_object_array_get_idx(inner, i)),
                                            *before = text;
                        text = before ? xasprintf("%s . %s", before, part) : TAKE_PTR(part);
                }
                return text ?: xstrdup("");
        }
        if (json_object_object_get_ex(o, "prefix", &inner))
                return xasprintf("%s/%s", json_object_get_string(json_object_object_get(inner, "addr")),
                                json_object_get_string(json_object_object_get(inner, "len")));
        return xstrdup(json_object_get_string(o));
}

/* One element of a set, or of a map, where it is an array of key and value. Elements without a comment are
 * not ours. */
static void read_element(Elements *e, const char *set, json_object *o) {
        json_object *value = NULL, *element, *comment;
        if (json_object_is_type(o, json_type_array)) {
                value = json_object_array_get_idx(o, 1);
                o = json_object_array_get_idx(o, 0);
        }
        if (json_object_object_get_ex(o, "elem", &element) &&
                        json_object_object_get_ex(element, "comment", &comment))
                elements_push(e, set, expression_text(json_object_object_get(element, "val")),
                                value ? expression_text(value) : NULL,
                                xstrdup(json_object_get_string(comment)));
}

static void read_table(Elements *e) {
        json_object *list = json_object_object_get(e->json, "nftables");
        for (size_t i = 0; list && i < json_object_array_length(list); i++) {
                json_object *o = json_object_array_get_idx(list, i), *set, *elements;
                e->rules += json_object_object_get_ex(o, "rule", NULL);
                if ((!json_object_object_get_ex(o, "set", &set) &&
                                    !json_object_object_get_ex(o, "map", &set)) ||
                                !json_object_object_get_ex(set, "elem", &elements))
                        continue;
                const char *name = json_object_get_string(json_object_object_get(set, "name"));
                for (size_t k = 0; k < json_object_array_length(elements); k++)
                        read_element(e, name, json_object_array_get_idx(elements, k));
        }
}

/* What the table holds. -ENOENT: there is none, and *ret_error is left alone. */
static int list_table(Elements *ret, char **ret_error) {
        _cleanup_free_ char *text = NULL, *error = NULL;
        if (nft_run("list table " TABLE, &text, &error) < 0)
                return error && strstr(error, strerror(ENOENT))
                                       ? -ENOENT
                                       : nat_fail(ret_error, -EIO, "nft: cannot list table " TABLE ": %s",
                                                         error ?: "out of memory");
        Elements e = { .json = json_tokener_parse(text) };
        if (!e.json)
                return nat_fail(ret_error, -EBADMSG, "nft: the list of table " TABLE " is no JSON");
        read_table(&e);
        *ret = e;
        return 0;
}

static bool one_of(const char *const *sets, const char *set) {
        for (; *sets; sets++)
                if (streq(*sets, set))
                        return true;
        return false;
}

static void print_element(FILE *f, const char *verb, const Element *e, const char *owner) {
        fprintf(f, "%s element " TABLE " %s { %s", verb, e->set, e->key);
        if (owner)
                fprintf(f, " comment \"%s\"", owner);
        if (owner && e->value)
                fprintf(f, " : %s", e->value);
        fputs(" }\n", f);
}

static const Element *find(const Elements *e, const Element *wanted) {
        for (size_t i = 0; i < e->n; i++)
                if (streq(e->items[i].set, wanted->set) && streq(e->items[i].key, wanted->key))
                        return &e->items[i];
        return NULL;
}

/* Ports of two owners exclude each other. An address has one pod: who else claims it is dead. */
static int refuse_conflict(
                const Elements *there, const Elements *wanted, const char *owner, char **ret_error) {
        for (size_t i = 0; i < wanted->n; i++) {
                const Element *e = &wanted->items[i], *other = e->value ? find(there, e) : NULL;
                if (!other || streq(other->owner, owner))
                        continue;
                const char *container = strchr(other->owner, ' ');
                return nat_fail(ret_error, -EADDRINUSE, "the port %s leads to %s, of %s, already",
                                strrchr(e->key, ' ') + 1, other->value,
                                container ? container + 1 : other->owner);
        }
        return 0;
}

/* Whether element e gives way: it is the owner's in these sets, or has the key of a wanted one. */
static bool gives_way(const Element *e, const char *const *sets, const char *owner, const Elements *wanted) {
        return (one_of(sets, e->set) && streq(e->owner, owner)) || find(wanted, e);
}

static int commit(const char *const *sets, const NatOwner *o, const Elements *wanted, char **ret_error) {
        _cleanup_free_ char *owner = NULL, *text = NULL, *error = NULL, *whole = NULL;
        size_t size;
        int r = nat_owner_text(o, &owner, ret_error);
        if (r < 0)
                return r;
        FILE *f = open_memstream(&text, &size);
        for (size_t i = 0; i < wanted->n; i++)
                print_element(f, "create", &wanted->items[i], owner);
        fclose(f);
        /* Nearly always the table is there and the elements are not. */
        if (nft_run(text, NULL, NULL) >= 0)
                return 0;

        _cleanup_elements_ Elements there = {};
        r = list_table(&there, ret_error);
        if (r < 0 && r != -ENOENT)
                return r;
        r = refuse_conflict(&there, wanted, owner, ret_error);
        if (r < 0)
                return r;
        f = open_memstream(&whole, &size);
        if (there.rules != BASE_RULES)
                fputs(base, f);
        for (size_t i = 0; i < there.n; i++)
                if (gives_way(&there.items[i], sets, owner, wanted))
                        print_element(f, "delete", &there.items[i], NULL);
        fputs(text, f);
        fclose(f);
        r = nft_run(whole, NULL, &error);
        if (r < 0)
                return nat_fail(ret_error, r, "nft: cannot add the addresses and ports of %s: %s",
                                o->container, error ?: "out of memory");
        return 0;
}

static const char *const names[2][4] = {
        { "pods4", "within4", "hairpin4", "ports4" },
        { "pods6", "within6", "hairpin6", "ports6" },
};

static Elements masquerade_elements(const IpPrefix *addresses, size_t n) {
        Elements e = {};
        for (size_t i = 0; i < n; i++) {
                char address[IP_TEXT_MAX], network[IP_TEXT_MAX];
                const IpPrefix *p = &addresses[i];
                const char *const *sets = names[p->address.family == AF_INET6];
                IpAddress first = ip_prefix_first(p);
                ip_format(&p->address, address);
                ip_format(&first, network);
                elements_push(&e, sets[0], xstrdup(address), NULL, NULL);
                /* nft prints a prefix of all bits as the address alone. */
                if (p->length < ip_bits(p->address.family))
                        elements_push(&e, sets[1], xasprintf("%s . %s/%u", address, network, p->length),
                                        NULL, NULL);
        }
        return e;
}

static void push_hairpin(Elements *e, const IpPrefix *target, NatHairpin hairpin) {
        char address[IP_TEXT_MAX], network[IP_TEXT_MAX];
        bool six = target->address.family == AF_INET6;
        IpAddress first = ip_prefix_first(target);
        const char *set = names[six][2];
        ip_format(&target->address, address);
        ip_format(&first, network);
        if (hairpin == NAT_HAIRPIN_ALL)
                elements_push(e, set, xasprintf("%s . %s", six ? "::/0" : "0.0.0.0/0", address), NULL, NULL);
        else if (target->length < ip_bits(target->address.family))
                elements_push(e, set, xasprintf("%s/%u . %s", network, target->length, address), NULL, NULL);
        else
                elements_push(e, set, xasprintf("%s . %s", address, address), NULL, NULL);
        if (!six && hairpin != NAT_HAIRPIN_ALL)
                elements_push(e, set, xasprintf("127.0.0.0/8 . %s", address), NULL, NULL);
}

static void push_port(Elements *e, const NatPort *port, const IpPrefix *target) {
        char host[IP_TEXT_MAX], address[IP_TEXT_MAX];
        bool six = target->address.family == AF_INET6;
        char *value = xasprintf("%s . %" PRIu16, ip_format(&target->address, address), port->target_port);
        if (nat_port_host(port))
                elements_push(e, names[six][3],
                                xasprintf("%s . %d . %" PRIu16, ip_format(&port->host, host), port->protocol,
                                                port->host_port),
                                value, NULL);
        else
                elements_push(e, six ? "anyports6" : "anyports4",
                                xasprintf("%d . %" PRIu16, port->protocol, port->host_port), value, NULL);
}

static Elements port_elements(const NatPorts *p) {
        static const int families[] = { AF_INET, AF_INET6 };
        Elements e = {};
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
        _cleanup_elements_ Elements e = masquerade_elements(addresses, n);
        return commit(masquerade_sets, o, &e, ret_error);
}

int nft_ports_add(const NatOwner *o, const NatPorts *p, char **ret_error) {
        _cleanup_elements_ Elements e = port_elements(p);
        return commit(port_sets, o, &e, ret_error);
}

/* Deletes the elements that match says. */
static int delete_elements(
                bool (*match)(const Element *e, const void *data), const void *data, char **ret_error) {
        _cleanup_elements_ Elements there = {};
        _cleanup_free_ char *text = NULL, *error = NULL;
        size_t size;
        int r = list_table(&there, ret_error);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        FILE *f = open_memstream(&text, &size);
        for (size_t i = 0; i < there.n; i++)
                if (match(&there.items[i], data))
                        print_element(f, "delete", &there.items[i], NULL);
        fclose(f);
        if (size == 0)
                return 0;
        r = nft_run(text, NULL, &error);
        if (r < 0)
                return nat_fail(ret_error, r, "nft: cannot delete elements of table " TABLE ": %s",
                                error ?: "out of memory");
        return 0;
}

typedef struct OwnedSets {
        const char *const *sets;
        const char *owner;
} OwnedSets;

static bool is_owned(const Element *e, const void *data) {
        const OwnedSets *s = data;
        return one_of(s->sets, e->set) && streq(e->owner, s->owner);
}

static int remove_owned(const char *const *sets, const NatOwner *o, char **ret_error) {
        _cleanup_free_ char *owner = NULL;
        int r = nat_owner_text(o, &owner, ret_error);
        return r < 0 ? r : delete_elements(is_owned, &(OwnedSets){ sets, owner }, ret_error);
}

int nft_masquerade_remove(const NatOwner *o, char **ret_error) {
        return remove_owned(masquerade_sets, o, ret_error);
}

int nft_ports_remove(const NatOwner *o, char **ret_error) {
        return remove_owned(port_sets, o, ret_error);
}

static int check_elements(const NatOwner *o, const Elements *wanted, char **ret_error) {
        _cleanup_elements_ Elements there = {};
        _cleanup_free_ char *owner = NULL;
        int r = nat_owner_text(o, &owner, ret_error);
        if (r < 0)
                return r;
        r = list_table(&there, ret_error);
        if (r < 0 && r != -ENOENT)
                return r;
        if (there.rules != BASE_RULES)
                return nat_fail(ret_error, -ENOENT, "nft: the rules of table " TABLE " are not complete");
        for (size_t i = 0; i < wanted->n; i++) {
                const Element *e = &wanted->items[i], *found = find(&there, e);
                if (!found || !streq(found->owner, owner) || !streq_ptr(found->value, e->value))
                        return nat_fail(ret_error, -ENOENT, "nft: \"%s\" is missing in %s of table " TABLE,
                                        e->key, e->set);
        }
        return 0;
}

int nft_masquerade_check(const NatOwner *o, const IpPrefix *addresses, size_t n, char **ret_error) {
        _cleanup_elements_ Elements e = masquerade_elements(addresses, n);
        return check_elements(o, &e, ret_error);
}

int nft_ports_check(const NatOwner *o, const NatPorts *p, char **ret_error) {
        _cleanup_elements_ Elements e = port_elements(p);
        return check_elements(o, &e, ret_error);
}

typedef struct Keep {
        bool (*keep)(const NatOwner *o, void *data);
        void *data;
} Keep;

static bool is_not_kept(const Element *e, const void *data) {
        const Keep *k = data;
        _cleanup_free_ char *text = xstrdup(e->owner);
        NatOwner owner;
        return nat_owner_parse(text, &owner) && !k->keep(&owner, k->data);
}

int nft_collect(bool (*keep)(const NatOwner *o, void *data), void *data, char **ret_error) {
        return delete_elements(is_not_kept, &(Keep){ keep, data }, ret_error);
}
