/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xtables.h"

#include <errno.h>
#include <fcntl.h>
#include <libiptc/libip6tc.h>
#include <libiptc/libiptc.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_sctp.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <string.h>
#include <sys/file.h>

#include "alloc.h"
#include "file.h"
#include "library.h"
#include "lock.h"
#include "strv.h"

#define LOCK_FILE "/run/xtables.lock"

/* The two libraries differ in the names and in the type of an entry only. They are loaded when they are
 * needed: most hosts have no legacy tables. */
typedef struct Library {
        int family;
        const char *file, *prefix; /* of the names */
        bool loaded;
        struct xtc_handle *(*init)(const char *);
        void (*free)(struct xtc_handle *);
        int (*commit)(struct xtc_handle *);
        int (*is_chain)(const char *, struct xtc_handle *);
        const char *(*first_chain)(struct xtc_handle *);
        const char *(*next_chain)(struct xtc_handle *);
        const void *(*first_rule)(const char *, struct xtc_handle *);
        const void *(*next_rule)(const void *, struct xtc_handle *);
        const char *(*get_target)(const void *, struct xtc_handle *);
        int (*append_entry)(const char *, const void *, struct xtc_handle *);
        int (*insert_entry)(const char *, const void *, unsigned, struct xtc_handle *);
        int (*check_entry)(const char *, const void *, unsigned char *, struct xtc_handle *);
        int (*delete_num_entry)(const char *, unsigned, struct xtc_handle *);
        int (*create_chain)(const char *, struct xtc_handle *);
        int (*flush_entries)(const char *, struct xtc_handle *);
        int (*delete_chain)(const char *, struct xtc_handle *);
} Library;

static Library libraries[] = {
        { .family = AF_INET, .file = "libip4tc.so.2", .prefix = "iptc_" },
        { .family = AF_INET6, .file = "libip6tc.so.2", .prefix = "ip6tc_" },
};

static int load(Library *l) {
        const LibraryFunction functions[] = {
                { "init", &l->init },
                { "free", &l->free },
                { "commit", &l->commit },
                { "is_chain", &l->is_chain },
                { "first_chain", &l->first_chain },
                { "next_chain", &l->next_chain },
                { "first_rule", &l->first_rule },
                { "next_rule", &l->next_rule },
                { "get_target", &l->get_target },
                { "append_entry", &l->append_entry },
                { "insert_entry", &l->insert_entry },
                { "check_entry", &l->check_entry },
                { "delete_num_entry", &l->delete_num_entry },
                { "create_chain", &l->create_chain },
                { "flush_entries", &l->flush_entries },
                { "delete_chain", &l->delete_chain },
        };
        if (l->loaded)
                return 0;
        int r = library_load(l->file, l->prefix, functions, ELEMENTSOF(functions), NULL);
        l->loaded = r >= 0;
        return r;
}

struct Xtables {
        const Library *library;
        struct xtc_handle *handle;
        int lock;
};

int xtables_open(int family, const char *table, Xtables **ret) {
        Xtables *x = xnew(Xtables, 1);
        Library *l = &libraries[family == AF_INET6];
        int r = load(l);
        if (r < 0) {
                free(x);
                return r;
        }
        x->library = l;
        x->lock = lock_file_at(AT_FDCWD, LOCK_FILE, LOCK_MODE_EXCLUSIVE, true);
        if (x->lock < 0) {
                r = x->lock;
                free(x);
                return r;
        }
        x->handle = x->library->init(table);
        if (!x->handle) {
                r = errno == EPERM ? -EPERM : -ENOENT;
                xtables_close(x);
                return r;
        }
        *ret = x;
        return 0;
}

int xtables_commit(Xtables *x) {
        return x->library->commit(x->handle) ? 0 : -errno;
}

void xtables_close(Xtables *x) {
        if (x->handle)
                x->library->free(x->handle);
        close(x->lock);
        free(x);
}

int xtables_family(const Xtables *x) {
        return x->library->family;
}

const char *xtables_tool(int family) {
        return family == AF_INET ? "iptables" : "ip6tables";
}

bool xtables_is_loaded(int family, const char *table) {
        _cleanup_free_ char *text = NULL;
        const char *list = family == AF_INET ? "/proc/net/ip_tables_names" : "/proc/net/ip6_tables_names";
        if (read_file_at(AT_FDCWD, list, 4096, &text, NULL) < 0)
                return false;
        _cleanup_strv_ char **tables = strv_split(text, '\n');
        return strv_contains(tables, table);
}

static int fail(char **ret_error, int error, const char *what, int family, const char *table) {
        free(*ret_error);
        *ret_error = xasprintf("%s: cannot %s the table %s: %s", xtables_tool(family), what, table,
                        strerror(-error));
        return error;
}

int xtables_transact(int family, const char *table, XtablesChange change, void *data, char **ret_error) {
        for (unsigned attempt = 0;; attempt++) {
                _cleanup_xtables_ Xtables *x = NULL;
                int r = xtables_open(family, table, &x);
                if (r < 0)
                        return fail(ret_error, r, "read", family, table);
                r = change(x, data, ret_error);
                if (r == -EADDRINUSE)
                        return r; /* explained already */
                if (r >= 0)
                        r = xtables_commit(x);
                if (r >= 0)
                        return 0;
                if (r != -EAGAIN || attempt == 20)
                        return fail(ret_error, r, "change", family, table);
        }
}

/* An entry that grows by its matches and ends with its target. In allocated memory, which may hold one
 * struct behind another. The longest is below 1000 bytes: header, protocol, addrtype, conntrack, comment. */
#define ENTRY_MAX 2048

typedef struct Entry {
        union {
                struct ipt_entry *four;
                struct ip6t_entry *six;
                uint8_t *bytes;
                void *memory;
        };
        size_t size;
} Entry;

static void entry_done(Entry *e) {
        free(e->memory);
}
#define _cleanup_entry_ _cleanup_(entry_done)

/* The room for a match's data, behind its header. */
static void *add_match(Entry *e, const char *name, uint8_t revision, size_t size) {
        struct xt_entry_match *m = (void *) (e->bytes + e->size);
        size_t whole = XT_ALIGN(sizeof(*m)) + XT_ALIGN(size);
        m->u.user.match_size = (uint16_t) whole;
        m->u.user.revision = revision;
        strncpy(m->u.user.name, name, sizeof(m->u.user.name) - 1);
        e->size += whole;
        return m->data;
}

static void *add_target(Entry *e, const char *name, uint8_t revision, size_t size) {
        struct xt_entry_target *t = (void *) (e->bytes + e->size);
        size_t whole = XT_ALIGN(sizeof(*t)) + XT_ALIGN(size);
        t->u.user.target_size = (uint16_t) whole;
        t->u.user.revision = revision;
        strncpy(t->u.user.name, name, sizeof(t->u.user.name) - 1);
        e->size += whole;
        return t->data;
}

static void set_mask(uint8_t *mask, unsigned length) {
        for (unsigned i = 0; i < length; i++)
                mask[i / 8] |= (uint8_t) (0x80U >> (i % 8));
}

static void set_prefix(const IpPrefix *p, void *address, void *mask) {
        if (!p->address.family)
                return;
        IpAddress first = ip_prefix_first(p);
        memcpy(address, first.bytes, ip_size(first.family));
        set_mask(mask, p->length);
}

static void begin(Entry *e, int family, const XtablesRule *rule) {
        if (family == AF_INET) {
                struct ipt_ip *ip = &e->four->ip;
                set_prefix(&rule->source, &ip->src, &ip->smsk);
                set_prefix(&rule->destination, &ip->dst, &ip->dmsk);
                ip->invflags = rule->not_destination ? IPT_INV_DSTIP : 0;
                ip->proto = (uint16_t) rule->protocol;
                e->size = XT_ALIGN(sizeof(struct ipt_entry));
        } else {
                struct ip6t_ip6 *ip = &e->six->ipv6;
                set_prefix(&rule->source, &ip->src, &ip->smsk);
                set_prefix(&rule->destination, &ip->dst, &ip->dmsk);
                ip->invflags = rule->not_destination ? IP6T_INV_DSTIP : 0;
                ip->proto = (uint16_t) rule->protocol;
                ip->flags = rule->protocol ? IP6T_F_PROTO : 0;
                e->size = XT_ALIGN(sizeof(struct ip6t_entry));
        }
}

static void add_port_match(Entry *e, int protocol, uint16_t port) {
        if (protocol == IPPROTO_SCTP) {
                struct xt_sctp_info *info = add_match(e, "sctp", 0, sizeof(*info));
                info->spts[1] = UINT16_MAX;
                info->dpts[0] = info->dpts[1] = port;
                info->flags = info->invflags = 0;
                info->flags = XT_SCTP_DEST_PORTS;
        } else if (protocol == IPPROTO_UDP) {
                struct xt_udp *info = add_match(e, "udp", 0, sizeof(*info));
                info->spts[1] = UINT16_MAX;
                info->dpts[0] = info->dpts[1] = port;
        } else {
                struct xt_tcp *info = add_match(e, "tcp", 0, sizeof(*info));
                info->spts[1] = UINT16_MAX;
                info->dpts[0] = info->dpts[1] = port;
        }
}

static void add_matches(Entry *e, const XtablesRule *rule) {
        if (rule->port)
                add_port_match(e, rule->protocol, rule->port);
        if (rule->to_local) {
                struct xt_addrtype_info_v1 *info = add_match(e, "addrtype", 1, sizeof(*info));
                info->dest = XT_ADDRTYPE_LOCAL;
        }
        if (rule->translated || rule->answers) {
                struct xt_conntrack_mtinfo3 *info = add_match(e, "conntrack", 3, sizeof(*info));
                info->match_flags = XT_CONNTRACK_STATE;
                if (rule->translated)
                        info->state_mask |= XT_CONNTRACK_STATE_DNAT;
                if (rule->answers)
                        info->state_mask |= XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED) |
                                            XT_CONNTRACK_STATE_BIT(IP_CT_RELATED);
        }
        if (rule->comment) {
                struct xt_comment_info *info = add_match(e, "comment", 0, sizeof(*info));
                strncpy(info->comment, rule->comment, sizeof(info->comment) - 1);
        }
}

/* The newest revision, of Linux 4.18: the iptables of today cannot print or save the older ones. */
static void set_range(struct nf_nat_range2 *range, const XtablesRule *rule) {
        range->flags = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED;
        memcpy(&range->min_addr, rule->to.bytes, ip_size(rule->to.family));
        range->max_addr = range->min_addr;
        range->min_proto.all = range->max_proto.all = htons(rule->to_port);
}

static void end(Entry *e, int family, const XtablesRule *rule) {
        size_t matches = e->size;
        if (streq(rule->target, "MASQUERADE") && family == AF_INET) {
                struct nf_nat_ipv4_multi_range_compat *ranges =
                                add_target(e, "MASQUERADE", 0, sizeof(*ranges));
                ranges->rangesize = 1;
        } else if (streq(rule->target, "MASQUERADE"))
                add_target(e, "MASQUERADE", 0, sizeof(struct nf_nat_range));
        else if (streq(rule->target, "DNAT"))
                set_range(add_target(e, "DNAT", 2, sizeof(struct nf_nat_range2)), rule);
        else /* libiptc knows verdicts and chains by their names */
                add_target(e, rule->target, 0, sizeof(int));
        if (family == AF_INET) {
                e->four->target_offset = (uint16_t) matches;
                e->four->next_offset = (uint16_t) e->size;
        } else {
                e->six->target_offset = (uint16_t) matches;
                e->six->next_offset = (uint16_t) e->size;
        }
}

static Entry make_entry(int family, const XtablesRule *rule) {
        Entry e = { .memory = xcalloc(1, ENTRY_MAX) };
        begin(&e, family, rule);
        add_matches(&e, rule);
        end(&e, family, rule);
        return e;
}

bool xtables_has_chain(Xtables *x, const char *chain) {
        return x->library->is_chain(chain, x->handle);
}

int xtables_create_chain(Xtables *x, const char *chain) {
        return x->library->create_chain(chain, x->handle) ? 0 : -errno;
}

int xtables_append(Xtables *x, const char *chain, const XtablesRule *rule) {
        _cleanup_entry_ Entry e = make_entry(x->library->family, rule);
        return x->library->append_entry(chain, e.memory, x->handle) ? 0 : -errno;
}

int xtables_insert(Xtables *x, const char *chain, const XtablesRule *rule) {
        _cleanup_entry_ Entry e = make_entry(x->library->family, rule);
        return x->library->insert_entry(chain, e.memory, 0, x->handle) ? 0 : -errno;
}

bool xtables_has_rule(Xtables *x, const char *chain, const XtablesRule *rule, bool same_target) {
        _cleanup_entry_ Entry e = make_entry(x->library->family, rule);
        uint8_t mask[ENTRY_MAX];
        memset(mask, 0xff, sizeof(mask));
        size_t target = x->library->family == AF_INET ? e.four->target_offset : e.six->target_offset;
        if (!same_target)
                memset(mask + target + sizeof(struct xt_entry_target), 0,
                                sizeof(mask) - target - sizeof(struct xt_entry_target));
        return xtables_has_chain(x, chain) && x->library->check_entry(chain, e.memory, mask, x->handle);
}

typedef struct Rule {
        const void *entry;
        const char *target;
        const char *comment; /* NULL: none */
} Rule;

static const char *find_comment(const uint8_t *entry, size_t from, size_t to) {
        while (from + sizeof(struct xt_entry_match) <= to) {
                const struct xt_entry_match *m = (const void *) (entry + from);
                if (streq(m->u.user.name, "comment"))
                        return ((const struct xt_comment_info *) (const void *) m->data)->comment;
                if (m->u.match_size == 0)
                        break;
                from += m->u.match_size;
        }
        return NULL;
}

/* The first rule of a chain with *rule zero, then each next one. */
static bool next_rule(Xtables *x, const char *chain, Rule *rule) {
        const Library *l = x->library;
        const void *e = rule->entry ? l->next_rule(rule->entry, x->handle) : l->first_rule(chain, x->handle);
        if (!e)
                return false;
        bool four = l->family == AF_INET;
        size_t matches = four ? sizeof(struct ipt_entry) : sizeof(struct ip6t_entry);
        size_t target = four ? ((const struct ipt_entry *) e)->target_offset
                             : ((const struct ip6t_entry *) e)->target_offset;
        *rule = (Rule){ e, l->get_target(e, x->handle), find_comment(e, matches, target) };
        return true;
}

/* Deletes the rules of a chain that lead to another, or that have a comment. */
static int delete_rules(Xtables *x, const char *from, const char *to, const char *comment) {
        for (;;) {
                Rule rule = {};
                unsigned number = 0;
                bool found = false;
                while (!found && next_rule(x, from, &rule)) {
                        found = to ? streq_ptr(rule.target, to) : streq_ptr(rule.comment, comment);
                        number += !found;
                }
                if (!found)
                        return 0;
                if (!x->library->delete_num_entry(from, number, x->handle))
                        return -errno;
        }
}

int xtables_delete_commented(Xtables *x, const char *chain, const char *comment) {
        return delete_rules(x, chain, NULL, comment);
}

int xtables_delete_chain(Xtables *x, const char *chain) {
        const Library *l = x->library;
        if (!xtables_has_chain(x, chain))
                return 0;
        for (const char *from = l->first_chain(x->handle); from; from = l->next_chain(x->handle)) {
                int r = delete_rules(x, from, chain, NULL);
                if (r < 0)
                        return r;
        }
        return l->flush_entries(chain, x->handle) && l->delete_chain(chain, x->handle) ? 0 : -errno;
}

void xtables_comments(Xtables *x,
                bool (*visit)(const char *chain, const char *target, const char *comment, void *data),
                void *data) {
        const Library *l = x->library;
        for (const char *chain = l->first_chain(x->handle); chain; chain = l->next_chain(x->handle))
                for (Rule rule = {}; next_rule(x, chain, &rule);)
                        if (rule.comment && !visit(chain, rule.target, rule.comment, data))
                                return;
}

bool xtables_has_rules(Xtables *x) {
        const Library *l = x->library;
        for (const char *chain = l->first_chain(x->handle); chain; chain = l->next_chain(x->handle)) {
                Rule rule = {};
                if (next_rule(x, chain, &rule))
                        return true;
        }
        return false;
}
