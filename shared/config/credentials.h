/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who we are to servers: rkt's own configuration, DIR/auth.d/NAME.json of rktKind "auth" (web servers) and
 * "dockerAuth" (registries), and for registries then the files of Docker and of podman (auth-json.h) and the
 * credential helpers that those name. rkt-config(5) says the same to people.
 *
 * Rules: a file with secrets that others can read is refused; nothing here prints or logs a secret; memory
 * that held one is overwritten before it is freed. */

#include <stdbool.h>
#include <stddef.h>

#include "macro.h"

typedef enum CredentialType {
        CREDENTIAL_BASIC,    /* user, password */
        CREDENTIAL_BEARER,   /* token, to be sent as it is */
        CREDENTIAL_IDENTITY, /* token: an OAuth 2.0 refresh token for the registry's token server; user,
                                maybe */
        CREDENTIAL_AWS,      /* user: ID of the access key, password: the secret one; region */
} CredentialType;

typedef enum CredentialUse {
        CREDENTIAL_USE_HTTP,   /* images, signatures and discovery on web servers: kind "auth" */
        CREDENTIAL_USE_DOCKER, /* registries: kind "dockerAuth", auth.json, credential helpers */
} CredentialUse;

typedef struct Credential {
        CredentialType type;
        char *user, *password; /* by type; else NULL */
        char *token;
        char *region;
        char *source; /* the file or the program that it comes from, for messages */
} Credential;

void credential_done(Credential *c);

typedef struct Credentials Credentials;

/* Reads auth.d of the configuration directories, of which later ones go before earlier ones; a missing or
 * empty one is skipped. Two entries for one host in one directory are an error. Logs errors. */
int credentials_load(char *const *directories, Credentials **ret);
void credentials_free(Credentials *c);
DEFINE_CLEANUP(Credentials *, credentials_free)
#define _cleanup_credentials_ _cleanup_(credentials_freep)

/* What is known for a host, "HOST" or "HOST:PORT" (":443" is the same as none), and for a registry's
 * repository (may be NULL): the entry with the longest path that it is below. 1 with *ret, which stays valid
 * until credentials_free; 0: nothing; < 0 after logging, when a file or a helper that was to tell is no
 * good. The credential is for this host and port only, and for https unless the user allows plain http.
 * Docker's and podman's files are read, and helpers run, when they are first asked for; an answer is kept.
 */
int credentials_find(Credentials *c, const char *host_port, const char *repository, CredentialUse use,
                const Credential **ret);

/* The same with the configuration of this process (globals.h), read when it is first needed. */
int credentials_lookup(
                const char *host_port, const char *repository, CredentialUse use, const Credential **ret);

/* Calls each for what auth.d has, sorted by use and scope: HOST[:PORT], for registries with /PATH or not. */
void credentials_foreach(const Credentials *c,
                void (*each)(CredentialUse use, const char *scope, const Credential *credential,
                                void *userdata),
                void *userdata);
