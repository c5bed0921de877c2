/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "forward.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/netfilter.h>

#include "alloc.h"
#include "json.h"
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

/* The rules of the chain, as JSON objects with comment and handle; NULL if there is no such chain. */
static json_object *list_rules(int family) {
        char command[64];
        _cleanup_free_ char *text = NULL;
        if (!nft_leave_is_needed(family))
                return NULL;
        snprintf(command, sizeof(command), "list chain %s " TABLE " " CHAIN, nft_family(family));
        return nft_run(command, &text, NULL) < 0 ? NULL : json_tokener_parse(text);
}

typedef void (*Visit)(const char *comment, int64_t handle, void *data);

/* Only rules whose comment has our mark. */
static void each_rule(json_object *document, Visit visit, void *data) {
        json_object *list = json_object_object_get(document, "nftables");
        for (size_t i = 0; list && i < json_object_array_length(list); i++) {
                json_object *rule, *comment;
                if (!json_object_object_get_ex(json_object_array_get_idx(list, i), "rule", &rule) ||
                                !json_object_object_get_ex(rule, "comment", &comment) ||
                                !startswith(json_object_get_string(comment), MARK))
                        continue;
                visit(json_object_get_string(comment),
                                json_object_get_int64(json_object_object_get(rule, "handle")), data);
        }
}

typedef struct Script {
        FILE *f;
        int family;
        const char *comment;
        size_t found;
} Script;

static void delete_rule(const char *comment, int64_t handle, void *data) {
        Script *s = data;
        if (!streq(comment, s->comment))
                return;
        s->found++;
        fprintf(s->f, "delete rule %s " TABLE " " CHAIN " handle %" PRIi64 "\n", nft_family(s->family),
                        handle);
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

static int change_nft(int family, const Leave *l, char **ret_error) {
        _cleanup_json_ json_object *document = list_rules(family);
        _cleanup_free_ char *text = NULL, *error = NULL;
        size_t size;
        if (!document)
                return 0;
        Script s = { .f = open_memstream(&text, &size), .family = family, .comment = l->comment };
        each_rule(document, delete_rule, &s);
        for (size_t i = 0; i < l->n; i++)
                if (is_of(&l->addresses[i], family) &&
                                nft_leave_insert(&l->addresses[i].address, l->comment) < 0)
                        print_rules(s.f, family, &l->addresses[i].address, l->comment);
        fclose(s.f);
        int r = size > 0 ? nft_run(text, NULL, &error) : 0;
        return r < 0 ? nat_fail(ret_error, r, "nft: cannot change " CHAIN " of the table %s " TABLE ": %s",
                                       nft_family(family), error ?: "out of memory")
                     : 0;
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

/* firewalld has a table of its own, or is at work in those of iptables. */
bool forward_is_filtered(void) {
        for (size_t i = 0; i < ELEMENTSOF(families); i++)
                if (xtables_is_loaded(families[i], TABLE) || nft_leave_is_needed(families[i]))
                        return true;
        return nft_has_chain(NFPROTO_INET, "firewalld", "filter_FORWARD");
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

static void count_rule(const char *comment, int64_t handle, void *data) {
        Script *s = data;
        s->found += streq(comment, s->comment);
}

static int check_nft(int family, const Leave *l) {
        _cleanup_json_ json_object *document = list_rules(family);
        Script s = { .comment = l->comment };
        size_t wanted = 0;
        if (!document)
                return 0;
        each_rule(document, count_rule, &s);
        for (size_t i = 0; i < l->n; i++)
                wanted += is_of(&l->addresses[i], family) ? 2 : 0;
        return s.found >= wanted ? 0 : -ENOENT;
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

static void note(const char *comment, int64_t handle, void *data) {
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
                _cleanup_json_ json_object *document = list_rules(families[i]);
                _cleanup_xtables_ Xtables *x = NULL;
                if (document)
                        each_rule(document, note, &d);
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
