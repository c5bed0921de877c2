/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where images of registries are fetched from: DIR/registries.d/NAME.json of rktKind "registries", which
 * means what containers-registries.conf(5) means by prefix, location, mirror, insecure and blocked. */

#include <stdbool.h>
#include <stddef.h>

#include "macro.h"

typedef struct RegistryMirror {
        char *location; /* HOST[:PORT][/PATH] */
        bool insecure;
} RegistryMirror;

typedef struct RegistryRule {
        char *prefix;   /* HOST[:PORT][/PATH], or *.DOMAIN */
        char *location; /* what stands in place of the prefix; NULL: the same */
        bool insecure, blocked;
        RegistryMirror *mirrors;
        size_t n_mirrors;
        char *source; /* the file */
} RegistryRule;

/* In order of prefix. */
typedef struct Registries {
        RegistryRule *rules;
        size_t n;
} Registries;

/* Reads registries.d of the configuration directories; a rule of a later one replaces that of an earlier one
 * with the same prefix, two in one directory are an error. Logs errors. */
int registries_load(char *const *directories, Registries **ret);
void registries_free(Registries *r);
DEFINE_CLEANUP(Registries *, registries_free)
#define _cleanup_registries_ _cleanup_(registries_freep)

typedef struct RegistryEndpoint {
        char *host; /* HOST[:PORT], docker.io for Docker Hub */
        char *repository;
        bool insecure; /* any certificate, and plain http */
        bool mirror;   /* may lack what is looked for */
} RegistryEndpoint;

typedef struct RegistryEndpoints {
        RegistryEndpoint *items;
        size_t n;
} RegistryEndpoints;

void registry_endpoints_done(RegistryEndpoints *e);
#define _cleanup_registry_endpoints_ _cleanup_(registry_endpoints_done)

/* Where to try to get host/repository from, in this order: the mirrors of the rule with the longest prefix,
 * then its location; without a rule the host itself. At least one. Logs errors: -EPERM if it is blocked. */
int registries_resolve(
                const Registries *r, const char *host, const char *repository, RegistryEndpoints *ret);

/* The same with the configuration of this process (globals.h), read when it is first needed. */
int registries_lookup(const char *host, const char *repository, RegistryEndpoints *ret);

/* For tests: one file's text, added to r. -EINVAL with *ret_error. */
int registries_parse(const char *path, const char *text, size_t size, Registries *r, char **ret_error);
