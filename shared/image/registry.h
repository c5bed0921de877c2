/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A client for one repository of one registry: OCI distribution specification 1.1, which is also Docker's
 * registry API v2.
 *
 * - https. Plain http only where INSECURE_HTTP is given, or on this machine (localhost, 127.0.0.0/8, [::1]),
 *   and then only if https cannot be had there.
 * - What is wanted is asked for at once; a registry that answers 401 says what it wants: a token (Docker's
 *   token authentication, OAuth 2.0) or Basic. The token is then used for all requests.
 * - Credentials are those for the registry's host; they go to it, or to the token server that it names over
 *   https, and over plain http only with INSECURE_HTTP.
 * - Whatever has a digest is compared with it. */

#include "http.h"
#include "macro.h"

typedef struct RegistryCredential { /* the strings are borrowed */
        HttpCredential http;        /* basic, or a bearer token that is used as it is */
        const char *identity_token; /* a refresh token, by which the token server gives out others; or NULL
                                     */
} RegistryCredential;

typedef struct RegistryOptions {
        HttpClient *http;       /* borrowed */
        const char *host;       /* HOST[:PORT]; docker.io stands for registry-1.docker.io */
        const char *repository; /* valid (reference.h) */
        unsigned insecure;      /* INSECURE_TLS, INSECURE_HTTP; more than what the client has is fine */
        bool mirror;            /* there is somebody else to ask: failures are no errors */
        /* The credentials for it: 1 with *ret, 0 if there are none, < 0 to give up, having logged why. NULL:
         * none. */
        int (*credential)(const char *host, const char *repository, RegistryCredential *ret);
} RegistryOptions;

typedef struct Registry Registry;

Registry *registry_new(const RegistryOptions *options); /* copies */
void registry_free(Registry *r);
DEFINE_CLEANUP(Registry *, registry_free)
#define _cleanup_registry_ _cleanup_(registry_freep)

/* HOST[:PORT]/REPOSITORY, for messages. */
const char *registry_name(const Registry *r);

/* A manifest, an index or a configuration, byte for byte. */
typedef struct RegistryDocument {
        char *url; /* for messages */
        char *text;
        size_t size;
        char *digest;     /* sha256, of the text */
        char *media_type; /* as the registry says; NULL: it does not */
} RegistryDocument;

void registry_document_done(RegistryDocument *d);
#define _cleanup_registry_document_ _cleanup_(registry_document_done)

/* All of these log failures and return a negative errno: -ENOENT for what the registry does not have,
 * -EACCES for what it does not give, -EBADMSG for what has not the digest or the size that it should have.
 */

/* reference is a tag or a digest; size that of the descriptor that has led here, or 0. */
int registry_get_manifest(Registry *r, const char *reference, uint64_t size, RegistryDocument *ret);
/* A small blob. */
int registry_get_blob(Registry *r, const char *digest, uint64_t size, RegistryDocument *ret);
/* What a tag stands for now, without getting it: 1, or 0 if the registry does not say. If it cannot be
 * asked, that is not logged, as registry_get_manifest will tell why. */
int registry_head_manifest(Registry *r, const char *tag, char **ret_digest);

/* Begins the download of a blob: request has the callbacks, the range, max_body and progress; the rest is
 * filled in. done gets result 0 also for answers that are none, and begins with registry_blob_answer. */
int registry_start_blob(Registry *r, const char *digest, const HttpRequest *request, HttpTransfer **ret);
/* 0: the blob came. 1: the registry wanted other credentials, they are there now, and it is to be asked
 * again; not from within done. Else a failure. authorization is what registry_authorization was at the
 * start; again says that there was a 1 before. */
int registry_blob_answer(
                Registry *r, int result, const HttpResponse *response, unsigned authorization, bool again);
/* Counts what was got to be let in: of several that are refused at once, one asks for a new token. */
unsigned registry_authorization(const Registry *r);
