/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "forward.h"

#include <errno.h>
#include <linux/netfilter.h>

#include "alloc.h"
#include "nat-backends.h"
#include "nft-leave.h"
#include "nft-run.h"
#include "strv.h"
#include "xtables.h"

#define TABLE "filter"
#define CHAIN "FORWARD"
/* Before the owner in the comments of rules, since the chain is not ours. */
#define MARK "rkt: "

static const int families[] = { AF_INET, AF_INET6 };

static const char *nft_family(int family) {
        return family == AF_INET ? "ip" : "ip6";
}

typedef struct Leave {
        const char *comment;
        const IpPrefix *addresses; /* n is 0 to take leave away */
        size_t n;
} Leave;

static bool is_of(const IpPrefix *p, int family) {
        return p->address.family == family;
}

static void make_rules(const Leave *l, const IpPrefix *p, XtablesRule *from, XtablesRule *to) {
        IpPrefix address = { p->address, ip_bits(p->address.family) };
        *from = (XtablesRule){ .source = address, .comment = l->comment, .target = "ACCEPT" };
        *to = (XtablesRule){ .destination = address,
                .answers = true,
                .translated = true,
                .comment = l->comment,
                .target = "ACCEPT" };
}

static int change_legacy(Xtables *x, void *data, char **ret_error) {
        const Leave *l = data;
        int r = xtables_delete_commented(x, CHAIN, l->comment);
        for (size_t i = 0; r >= 0 && i < l->n; i++) {
                XtablesRule from, to;
                if (!is_of(&l->addresses[i], xtables_family(x)))
                        continue;
                make_rules(l, &l->addresses[i], &from, &to);
                r = xtables_insert(x, CHAIN, &from);
                if (r >= 0)
                        r = xtables_insert(x, CHAIN, &to);
        }
        return r;
}

typedef void (*Visit)(const char *comment, uint64_t handle, void *data);

/* Only rules whose comment has our mark. */
static int each_rule(int family, Visit visit, void *data) {
        _cleanup_nft_leave_rules_ NftLeaveRules rules = {};
        int r = nft_leave_list(family, &rules);
        for (size_t i = 0; i < rules.n; i++)
                if (startswith(rules.items[i].comment, MARK))
                        visit(rules.items[i].comment, rules.items[i].handle, data);
        return r;
}

/* The rules with one comment. */
typedef struct Matching {
        const char *comment;
        uint64_t *handles;
        size_t n;
} Matching;

static void match_rule(const char *comment, uint64_t handle, void *data) {
        Matching *m = data;
        if (!streq(comment, m->comment))
                return;
        xgrow(&m->handles, m->n);
        m->handles[m->n++] = handle;
}

static int delete_rules(int family, const char *comment) {
        Matching m = { .comment = comment };
        int r = each_rule(family, match_rule, &m);
        if (r >= 0)
                r = nft_leave_delete(family, m.handles, m.n);
        free(m.handles);
        return r;
}

/* Where the kernel has no matches of iptables, iptables has made no table, either. */
static void print_rules(FILE *f, int family, const IpAddress *address, const char *comment) {
        char a[IP_TEXT_MAX];
        const char *name = nft_family(family);
        ip_format(address, a);
        fprintf(f, "insert rule %s " TABLE " " CHAIN " %s saddr %s counter accept comment \"%s\"\n", name,
                        name, a, comment);
        fprintf(f,
                        "insert rule %s " TABLE " " CHAIN
                        " %s daddr %s ct state related,established counter accept comment \"%s\"\n",
                        name, name, a, comment);
        fprintf(f,
                        "insert rule %s " TABLE " " CHAIN
                        " %s daddr %s ct status dnat counter accept comment \"%s\"\n",
                        name, name, a, comment);
}

static int insert_by_nft(int family, const IpAddress *address, const char *comment, char **ret_error) {
        _cleanup_free_ char *text = NULL, *error = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        if (!f)
                abort();
        print_rules(f, family, address, comment);
        fclose(f);
        int r = nft_run(text, NULL, &error);
        return r < 0 ? nat_fail(ret_error, r, "nft: cannot change " CHAIN " of the table %s " TABLE ": %s",
                                       nft_family(family), error ?: "out of memory")
                     : 0;
}

static int change_nft(int family, const Leave *l, char **ret_error) {
        if (!nft_leave_is_needed(family))
                return 0;
        int r = delete_rules(family, l->comment);
        if (r == -ENOENT) /* somebody else was faster */
                r = delete_rules(family, l->comment);
        if (r < 0)
                return nat_fail(ret_error, r, "nft: cannot change " CHAIN " of the table %s " TABLE ": %s",
                                nft_family(family), strerror(-r));
        for (size_t i = 0; i < l->n && r >= 0; i++)
                if (is_of(&l->addresses[i], family) &&
                                nft_leave_insert(&l->addresses[i].address, l->comment) < 0)
                        r = insert_by_nft(family, &l->addresses[i].address, l->comment, ret_error);
        return r;
}

static int change(const Leave *l, char **ret_error) {
        int result = 0;
        for (size_t i = 0; i < ELEMENTSOF(families); i++) {
                int r = xtables_is_loaded(families[i], TABLE)
                                        ? xtables_transact(families[i], TABLE, change_legacy, (void *) l,
                                                          ret_error)
                                        : 0;
                int q = change_nft(families[i], l, ret_error);
                result = result < 0 ? result : r < 0 ? r : q;
        }
        return result;
}

bool forward_may_be_firewalld(void) {
        if (nft_has_chain(NFPROTO_INET, "firewalld", "filter_FORWARD") ||
                        nft_has_chain(NFPROTO_IPV4, TABLE, "FORWARD_direct"))
                return true;
        for (size_t i = 0; i < ELEMENTSOF(families); i++)
                if (xtables_is_loaded(families[i], TABLE))
                        return true;
        return false;
}

static int comment_of(const NatOwner *o, char **ret, char **ret_error) {
        _cleanup_free_ char *owner = NULL;
        int r = nat_owner_text(o, &owner, ret_error);
        if (r < 0)
                return r;
        *ret = xasprintf(MARK "%s", owner);
        return 0;
}

int forward_allow(const NatOwner *o, const IpPrefix *addresses, size_t n, char **ret_error) {
        _cleanup_free_ char *comment = NULL;
        int r = comment_of(o, &comment, ret_error);
        return r < 0 ? r : change(&(Leave){ comment, addresses, n }, ret_error);
}

int forward_forget(const NatOwner *o, char **ret_error) {
        return forward_allow(o, NULL, 0, ret_error);
}

static int check_legacy(int family, const Leave *l) {
        _cleanup_xtables_ Xtables *x = NULL;
        if (!xtables_is_loaded(family, TABLE) || xtables_open(family, TABLE, &x) < 0)
                return 0;
        for (size_t i = 0; i < l->n; i++) {
                XtablesRule from, to;
                make_rules(l, &l->addresses[i], &from, &to);
                if (is_of(&l->addresses[i], family) &&
                                (!xtables_has_rule(x, CHAIN, &from, true) ||
                                                !xtables_has_rule(x, CHAIN, &to, true)))
                        return -ENOENT;
        }
        return 0;
}

static int check_nft(int family, const Leave *l) {
        Matching m = { .comment = l->comment };
        size_t wanted = 0;
        if (!nft_leave_is_needed(family))
                return 0;
        each_rule(family, match_rule, &m);
        free(m.handles);
        for (size_t i = 0; i < l->n; i++)
                wanted += is_of(&l->addresses[i], family) ? 2 : 0;
        return m.n >= wanted ? 0 : -ENOENT;
}

int forward_check(const NatOwner *o, const IpPrefix *addresses, size_t n, char **ret_error) {
        _cleanup_free_ char *comment = NULL;
        int r = comment_of(o, &comment, ret_error);
        Leave l = { comment, addresses, n };
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(families); i++)
                if (check_legacy(families[i], &l) < 0 || check_nft(families[i], &l) < 0)
                        r = nat_fail(ret_error, -ENOENT,
                                        "the rules for %s in %s's " TABLE " " CHAIN " are not complete",
                                        o->container, xtables_tool(families[i]));
        return r;
}

typedef struct Doomed {
        bool (*keep)(const NatOwner *o, void *data);
        void *data;
        char **comments;
} Doomed;

static void note(const char *comment, uint64_t handle, void *data) {
        Doomed *d = data;
        NatOwner owner;
        const char *text = startswith(comment, MARK);
        _cleanup_free_ char *copy = xstrdup(text);
        if (text && !strv_contains(d->comments, comment) && nat_owner_parse(copy, &owner) &&
                        !d->keep(&owner, d->data))
                strv_add(&d->comments, comment);
}

static bool note_legacy(const char *chain, const char *target, const char *comment, void *data) {
        if (streq(chain, CHAIN))
                note(comment, 0, data);
        return true;
}

int forward_collect(bool (*keep)(const NatOwner *o, void *data), void *data, char **ret_error) {
        Doomed d = { keep, data, NULL };
        int result = 0;
        for (size_t i = 0; i < ELEMENTSOF(families); i++) {
                _cleanup_xtables_ Xtables *x = NULL;
                each_rule(families[i], note, &d);
                if (xtables_is_loaded(families[i], TABLE) && xtables_open(families[i], TABLE, &x) >= 0)
                        xtables_comments(x, note_legacy, &d);
        }
        _cleanup_strv_ char **comments = d.comments;
        STRV_FOREACH (comment, comments) {
                int r = change(&(Leave){ *comment, NULL, 0 }, ret_error);
                result = result < 0 ? result : r;
        }
        return result;
}
