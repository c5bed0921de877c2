/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What images have to show: DIR/trust.d/NAME.json of rktKind "trust", which says for the beginnings of names
 * whether a signature is needed (the default), nothing is, or nothing helps. Read from the system's and the
 * local configuration directory, as the keys that are trusted. rkt-config(5) says the same to people. */

#include <stdbool.h>
#include <stddef.h>

#include "macro.h"

typedef enum TrustPolicy {
        TRUST_SIGNATURE,
        TRUST_ACCEPT,
        TRUST_REJECT,
} TrustPolicy;

const char *trust_policy_name(TrustPolicy p); /* as in the files */

typedef struct TrustRule {
        char *prefix; /* "*": all; else the name itself, or what it begins with before a slash */
        TrustPolicy policy;
        char *source; /* the file */
} TrustRule;

typedef struct TrustRules {
        TrustRule *items;
        size_t n;
} TrustRules;

void trust_rules_clear(TrustRules *l);
#define _cleanup_trust_rules_ _cleanup_(trust_rules_clear)

/* A rule of a later directory replaces that of an earlier one with the same prefix; two in one directory are
 * an error. Logs errors. */
int trust_rules_load(char *const *directories, TrustRules *ret);
/* The rule with the longest prefix; NULL: none. name is that of an appc image, HOST[:PORT]/REPOSITORY of one
 * in a registry, or the absolute path of a file or directory. */
const TrustRule *trust_rules_find(const TrustRules *l, const char *name);

/* With the configuration of this process (globals.h), read when it is first needed: whether a signature is
 * needed. -EPERM, logged, if the image is rejected; other errors are those of the configuration. */
int trust_policy_check(const char *name, bool *ret_signature);

/* For tests: one file's text. -EINVAL with *ret_error. */
int trust_rules_parse(const char *path, const char *text, size_t size, TrustRules *l, char **ret_error);
