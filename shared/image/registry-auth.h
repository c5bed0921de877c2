/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Inside of registry.h: from a registry's challenge to what goes into Authorization. */

#include "registry.h"

typedef struct RegistryAuth {
        RegistryOptions options; /* borrowed strings */
        bool plain;              /* the registry is spoken to over plain http */

        HttpCredential credential; /* for requests; kind NONE: none yet */
        unsigned generation;       /* of it; 0: none yet */
        char *user, *password, *token;
} RegistryAuth;

void registry_auth_done(RegistryAuth *a);

/* Does what the 401 asks for; credential is then to be used. Logs failures: -EACCES if there is nothing
 * (more) that could be tried. url is that of the request, for messages. */
int registry_auth_answer(RegistryAuth *a, const char *url, const HttpResponse *response);

/* The URL of a token: realm with service (may be NULL) and scope as its query. Allocated. */
char *registry_token_url(const char *realm, const char *service, const char *scope);
/* The body of the POST for one by a refresh token (OAuth 2.0, RFC 6749 section 6). Allocated. */
char *registry_token_form(const char *service, const char *scope, const char *refresh_token);
