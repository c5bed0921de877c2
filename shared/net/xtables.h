/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* iptables' legacy tables through libiptc: a table is read, changed in memory, and written back as a whole
 * by xtables_commit, which the kernel refuses with EAGAIN if somebody else changed it meanwhile.
 * /run/xtables.lock is held from open to close, as iptables(8) does. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ip-address.h"

#define XTABLES_CHAIN_MAX 28 /* characters of a chain's name */

typedef struct Xtables Xtables;

/* -ENOENT: the kernel has no such table. AF_INET, AF_INET6; logs nothing. */
int xtables_open(int family, const char *table, Xtables **ret);
int xtables_commit(Xtables *x);
void xtables_close(Xtables *x);
DEFINE_CLEANUP(Xtables *, xtables_close)
#define _cleanup_xtables_ _cleanup_(xtables_closep)

int xtables_family(const Xtables *x);
const char *xtables_tool(int family); /* "iptables" or "ip6tables", for messages */

/* Whether somebody has used the table since the host has started. Loads nothing. */
bool xtables_is_loaded(int family, const char *table);

/* Makes a change, and once more when somebody else was faster. change gives 0, -EADDRINUSE with *ret_error,
 * or an error of the functions below. On failure *ret_error is allocated. */
typedef int (*XtablesChange)(Xtables *x, void *data, char **ret_error);
int xtables_transact(int family, const char *table, XtablesChange change, void *data, char **ret_error);

typedef struct XtablesRule {
        IpPrefix source, destination; /* family 0: any */
        bool not_destination;         /* any but the destination */
        int protocol;                 /* 0: any */
        uint16_t port;                /* of the destination; 0: any */
        bool to_local;                /* the destination is one of the host's own addresses */
        bool translated;              /* of a connection whose destination was translated */
        bool answers;                 /* of a connection that the other side began, or related to one; with
                                       * both, either */
        const char *comment;          /* NULL: none; up to 255 characters */
        const char *target;           /* ACCEPT, RETURN, a chain, MASQUERADE or DNAT */
        IpAddress to;                 /* of DNAT */
        uint16_t to_port;
} XtablesRule;

bool xtables_has_chain(Xtables *x, const char *chain);
int xtables_create_chain(Xtables *x, const char *chain);
int xtables_append(Xtables *x, const char *chain, const XtablesRule *rule);
int xtables_insert(Xtables *x, const char *chain, const XtablesRule *rule); /* before all others */
/* Deletes all rules of a chain that have this comment. */
int xtables_delete_commented(Xtables *x, const char *chain, const char *comment);
/* Without same_target wherever its target, of the same kind, leads. */
bool xtables_has_rule(Xtables *x, const char *chain, const XtablesRule *rule, bool same_target);
/* A chain of one's own, with all rules of other chains that lead to it. Nothing there is fine. */
int xtables_delete_chain(Xtables *x, const char *chain);

/* Calls visit for each rule in any chain that has a comment, until one gives false. target is a chain's name
 * or a verdict. The table must not be changed meanwhile. */
void xtables_comments(Xtables *x,
                bool (*visit)(const char *chain, const char *target, const char *comment, void *data),
                void *data);
/* Whether any chain has a rule. */
bool xtables_has_rules(Xtables *x);
