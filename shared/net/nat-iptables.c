/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>

#include "alloc.h"
#include "file.h"
#include "hash.h"
#include "nat-backends.h"
#include "strv.h"
#include "uuid.h"
#include "xtables.h"

#define TABLE "nat"

static const int families[] = { AF_INET, AF_INET6 };

/* "UUID/INTERFACE" */
static bool begins_with_uuid(const char *container) {
        char start[UUID_STRING_SIZE];
        snprintf(start, sizeof(start), "%s", container);
        return uuid_is_valid(start) && (container[sizeof(start) - 1] == '/' || !container[sizeof(start) - 1]);
}

/* Chains have their names from the pod: those of rkt 1.x, with the UUID's first part, and behind it something
 * of a hash of the owner, since one pod may be in several networks and the first part of two UUIDs may be the
 * same. What other CNI clients call a container need not begin with anything of its own. */
static void chain_name(char chain[static XTABLES_CHAIN_MAX + 1], const char *prefix, const NatOwner *o) {
        if (!o->network) {
                snprintf(chain, XTABLES_CHAIN_MAX + 1, "%s%.8s", prefix, o->container);
                return;
        }
        uint64_t hash = hash_text(hash_text(hash_text(HASH_BEGIN, o->network), " "), o->container);
        if (begins_with_uuid(o->container))
                snprintf(chain, XTABLES_CHAIN_MAX + 1, "%s%.8s-%05" PRIx64, prefix, o->container, hash >> 44);
        else
                snprintf(chain, XTABLES_CHAIN_MAX + 1, "%s%014" PRIx64, prefix, hash >> 8);
}

typedef struct Chains {
        char masquerade[XTABLES_CHAIN_MAX + 1];
        char to_pod[XTABLES_CHAIN_MAX + 1];
        char hairpin[XTABLES_CHAIN_MAX + 1];
} Chains;

static Chains chains_of(const NatOwner *o) {
        Chains c;
        chain_name(c.masquerade, "RKT-MASQ-", o);
        chain_name(c.to_pod, "RKT-PFWD-DNAT-", o);
        chain_name(c.hairpin, "RKT-PFWD-SNAT-", o);
        return c;
}

bool iptables_is_used(bool with_rules) {
        for (size_t i = 0; i < ELEMENTSOF(families); i++) {
                _cleanup_xtables_ Xtables *x = NULL;
                if (xtables_is_loaded(families[i], TABLE) &&
                                (!with_rules || (xtables_open(families[i], TABLE, &x) >= 0 &&
                                                                xtables_has_rules(x))))
                        return true;
        }
        return false;
}

typedef struct Masquerade {
        Chains chains;
        const char *owner;
        const IpPrefix *addresses;
        size_t n;
} Masquerade;

typedef struct ChainRule {
        const char *chain;
        XtablesRule rule;
} ChainRule;

typedef struct RuleList {
        ChainRule *items;
        size_t n;
} RuleList;

static void rule_list_done(RuleList *l) {
        free(l->items);
}
#define _cleanup_rules_ _cleanup_(rule_list_done)

static void rule_list_push(RuleList *l, const char *chain, const XtablesRule *rule) {
        xgrow(&l->items, l->n);
        l->items[l->n++] = (ChainRule){ chain, *rule };
}

static IpPrefix whole(const IpAddress *a) {
        return (IpPrefix){ *a, ip_bits(a->family) };
}

static IpPrefix prefix(const char *text) {
        IpPrefix p = {};
        ip_prefix_parse(text, &p);
        return p;
}

/* Of one family; none if it has no address of it. */
static RuleList masquerade_rules(const Masquerade *m, int family) {
        RuleList l = {};
        for (size_t i = 0; i < m->n; i++) {
                const IpPrefix *a = &m->addresses[i];
                if (a->address.family != family)
                        continue;
                rule_list_push(&l, "POSTROUTING",
                                &(XtablesRule){ .source = whole(&a->address),
                                                .comment = m->owner,
                                                .target = m->chains.masquerade });
                rule_list_push(&l, m->chains.masquerade,
                                &(XtablesRule){ .destination = *a,
                                                .comment = m->owner,
                                                .target = "RETURN" });
        }
        if (l.n > 0)
                rule_list_push(&l, m->chains.masquerade,
                                &(XtablesRule){ .destination = prefix(family == AF_INET ? "224.0.0.0/4"
                                                                                        : "ff00::/8"),
                                                .not_destination = true,
                                                .comment = m->owner,
                                                .target = "MASQUERADE" });
        return l;
}

typedef struct Ports {
        Chains chains;
        const char *owner;
        const NatPorts *ports;
} Ports;

/* The rules of one port in the chains of the owner. */
static void port_rules(RuleList *l, const Ports *p, const NatPort *port, const IpPrefix *target) {
        rule_list_push(l, p->chains.to_pod,
                        &(XtablesRule){ .destination = nat_port_host(port) ? whole(nat_port_host(port))
                                                                           : (IpPrefix){},
                                        .protocol = port->protocol,
                                        .port = port->host_port,
                                        .target = "DNAT",
                                        .to = target->address,
                                        .to_port = port->target_port });
        if (p->ports->hairpin)
                rule_list_push(l, p->chains.hairpin,
                                &(XtablesRule){ .destination = whole(&target->address),
                                                .protocol = port->protocol,
                                                .port = port->target_port,
                                                .target = "MASQUERADE" });
}

static RuleList ports_rules(const Ports *p, int family) {
        RuleList l = {};
        const IpPrefix *target = nat_target(p->ports, family);
        for (size_t i = 0; target && i < p->ports->n_ports; i++)
                if (nat_port_is_of(&p->ports->ports[i], family))
                        port_rules(&l, p, &p->ports->ports[i], target);
        if (l.n == 0)
                return l;
        XtablesRule jump = { .to_local = true, .comment = p->owner, .target = p->chains.to_pod };
        rule_list_push(&l, "PREROUTING", &jump);
        rule_list_push(&l, "OUTPUT", &jump);
        if (!p->ports->hairpin)
                return l;
        IpPrefix neighbours = { ip_prefix_first(target), target->length };
        jump = (XtablesRule){ .source = p->ports->hairpin == NAT_HAIRPIN_ALL ? (IpPrefix){} : neighbours,
                .destination = whole(&target->address),
                .translated = true,
                .comment = p->owner,
                .target = p->chains.hairpin };
        rule_list_push(&l, "POSTROUTING", &jump);
        if (family == AF_INET) {
                IpPrefix localhost = prefix("127.0.0.1/32");
                jump = (XtablesRule){ .source = localhost,
                        .destination = localhost,
                        .not_destination = true,
                        .comment = p->owner,
                        .target = p->chains.hairpin };
                rule_list_push(&l, "POSTROUTING", &jump);
        }
        return l;
}

static int append_all(Xtables *x, const RuleList *l) {
        for (size_t i = 0; i < l->n; i++) {
                const char *chain = l->items[i].chain;
                int r = xtables_has_chain(x, chain) ? 0 : xtables_create_chain(x, chain);
                /* A rule that leads to a chain needs it to be there. */
                const char *target = l->items[i].rule.target;
                if (r >= 0 && startswith(target, "RKT-") && !xtables_has_chain(x, target))
                        r = xtables_create_chain(x, target);
                if (r >= 0)
                        r = xtables_append(x, chain, &l->items[i].rule);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int change_masquerade(Xtables *x, void *data, char **ret_error) {
        const Masquerade *m = data;
        _cleanup_rules_ RuleList l = masquerade_rules(m, xtables_family(x));
        int r = xtables_delete_chain(x, m->chains.masquerade);
        return r < 0 ? r : append_all(x, &l);
}

static bool has_family(const IpPrefix *addresses, size_t n, int family) {
        for (size_t i = 0; i < n; i++)
                if (addresses[i].address.family == family)
                        return true;
        return false;
}

int iptables_masquerade_add(const NatOwner *o, const IpPrefix *addresses, size_t n, char **ret_error) {
        _cleanup_free_ char *owner = NULL;
        int r = nat_owner_text(o, &owner, ret_error);
        if (r < 0)
                return r;
        Masquerade m = { chains_of(o), owner, addresses, n };
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(families); i++)
                if (has_family(addresses, n, families[i]))
                        r = xtables_transact(families[i], TABLE, change_masquerade, &m, ret_error);
        return r;
}

typedef struct OwnerSearch {
        const char *chain;
        char *found; /* allocated */
} OwnerSearch;

static bool find_owner(const char *chain, const char *target, const char *comment, void *data) {
        OwnerSearch *s = data;
        if (!streq_ptr(target, s->chain))
                return true;
        s->found = xstrdup(comment);
        return false;
}

typedef struct ChainSearch {
        char **chains; /* to ports of all owners */
} ChainSearch;

static bool collect_port_chain(const char *chain, const char *target, const char *comment, void *data) {
        ChainSearch *s = data;
        if (target && startswith(target, "RKT-PFWD-DNAT-") && !strv_contains(s->chains, target))
                strv_add(&s->chains, target);
        return true;
}

static int refuse_conflict(Xtables *x, const Ports *p, const RuleList *l, char **ret_error) {
        ChainSearch all = {};
        xtables_comments(x, collect_port_chain, &all);
        _cleanup_strv_ char **chains = all.chains;
        STRV_FOREACH (chain, chains)
                for (size_t i = 0; !streq(*chain, p->chains.to_pod) && i < l->n; i++) {
                        const XtablesRule *rule = &l->items[i].rule;
                        if (!streq(rule->target, "DNAT") || !xtables_has_rule(x, *chain, rule, false))
                                continue;
                        OwnerSearch s = { .chain = *chain };
                        xtables_comments(x, find_owner, &s);
                        _cleanup_free_ char *owner = s.found;
                        return nat_port_is_taken(
                                        ret_error, rule->protocol, rule->port, NULL, 0, owner ?: *chain);
                }
        return 0;
}

static int change_ports(Xtables *x, void *data, char **ret_error) {
        const Ports *p = data;
        _cleanup_rules_ RuleList l = ports_rules(p, xtables_family(x));
        int r = refuse_conflict(x, p, &l, ret_error);
        if (r >= 0)
                r = xtables_delete_chain(x, p->chains.to_pod);
        if (r >= 0)
                r = xtables_delete_chain(x, p->chains.hairpin);
        return r < 0 ? r : append_all(x, &l);
}

int iptables_ports_add(const NatOwner *o, const NatPorts *ports, char **ret_error) {
        _cleanup_free_ char *owner = NULL;
        int r = nat_owner_text(o, &owner, ret_error);
        if (r < 0)
                return r;
        Ports p = { chains_of(o), owner, ports };
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(families); i++) {
                _cleanup_rules_ RuleList l = ports_rules(&p, families[i]);
                if (l.n > 0)
                        r = xtables_transact(families[i], TABLE, change_ports, &p, ret_error);
        }
        if (r < 0) {
                _cleanup_free_ char *ignored = NULL;
                iptables_ports_remove(o, &ignored);
        }
        return r;
}

/* The table of a family in memory only, to look whether anything is to be done. */
static bool has_any_chain(int family, const char *const *chains) {
        _cleanup_xtables_ Xtables *x = NULL;
        if (xtables_open(family, TABLE, &x) < 0)
                return false;
        for (; *chains; chains++)
                if (xtables_has_chain(x, *chains))
                        return true;
        return false;
}

static int delete_chains(Xtables *x, void *data, char **ret_error) {
        for (const char *const *chains = data; *chains; chains++) {
                int r = xtables_delete_chain(x, *chains);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int remove_chains(const char *const *chains, char **ret_error) {
        int result = 0;
        for (size_t i = 0; i < ELEMENTSOF(families); i++) {
                int r = has_any_chain(families[i], chains)
                                        ? xtables_transact(families[i], TABLE, delete_chains,
                                                          (void *) chains, ret_error)
                                        : 0;
                result = result < 0 ? result : r;
        }
        return result;
}

int iptables_masquerade_remove(const NatOwner *o, char **ret_error) {
        Chains c = chains_of(o);
        return remove_chains((const char *const[]){ c.masquerade, NULL }, ret_error);
}

int iptables_ports_remove(const NatOwner *o, char **ret_error) {
        Chains c = chains_of(o);
        return remove_chains((const char *const[]){ c.to_pod, c.hairpin, NULL }, ret_error);
}

static int check_rules(int family, const RuleList *l, char **ret_error) {
        _cleanup_xtables_ Xtables *x = NULL;
        if (l->n == 0)
                return 0;
        int r = xtables_open(family, TABLE, &x);
        if (r < 0)
                return nat_fail(ret_error, r, "%s: cannot read the table " TABLE ": %s",
                                xtables_tool(family), strerror(-r));
        for (size_t i = 0; i < l->n; i++)
                if (!xtables_has_rule(x, l->items[i].chain, &l->items[i].rule, true))
                        return nat_fail(ret_error, -ENOENT, "%s: a rule of %s that leads to %s is missing",
                                        xtables_tool(family), l->items[i].chain, l->items[i].rule.target);
        return 0;
}

int iptables_masquerade_check(const NatOwner *o, const IpPrefix *addresses, size_t n, char **ret_error) {
        _cleanup_free_ char *owner = NULL;
        int r = nat_owner_text(o, &owner, ret_error);
        Masquerade m = { chains_of(o), owner, addresses, n };
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(families); i++) {
                _cleanup_rules_ RuleList l = masquerade_rules(&m, families[i]);
                r = check_rules(families[i], &l, ret_error);
        }
        return r;
}

int iptables_ports_check(const NatOwner *o, const NatPorts *ports, char **ret_error) {
        _cleanup_free_ char *owner = NULL;
        int r = nat_owner_text(o, &owner, ret_error);
        Ports p = { chains_of(o), owner, ports };
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(families); i++) {
                _cleanup_rules_ RuleList l = ports_rules(&p, families[i]);
                r = check_rules(families[i], &l, ret_error);
        }
        return r;
}

typedef struct Keep {
        bool (*keep)(const NatOwner *o, void *data);
        void *data;
        char **doomed;
} Keep;

static bool note_doomed(const char *chain, const char *target, const char *comment, void *data) {
        Keep *k = data;
        _cleanup_free_ char *text = xstrdup(comment);
        NatOwner owner;
        if (target && startswith(target, "RKT-") && !strv_contains(k->doomed, target) &&
                        nat_owner_parse(text, &owner) && !k->keep(&owner, k->data))
                strv_add(&k->doomed, target);
        return true;
}

int iptables_collect(bool (*keep)(const NatOwner *o, void *data), void *data, char **ret_error) {
        int result = 0;
        for (size_t i = 0; i < ELEMENTSOF(families); i++) {
                Keep k = { keep, data, NULL };
                _cleanup_xtables_ Xtables *x = NULL;
                if (xtables_open(families[i], TABLE, &x) < 0)
                        continue;
                xtables_comments(x, note_doomed, &k);
                xtables_close(TAKE_PTR(x)); /* with its lock */
                _cleanup_strv_ char **doomed = k.doomed;
                int r = doomed ? xtables_transact(families[i], TABLE, delete_chains, doomed, ret_error) : 0;
                result = result < 0 ? result : r;
        }
        return result;
}
