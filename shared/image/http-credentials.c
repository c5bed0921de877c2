/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "http-credentials.h"

#include "credentials.h"

int http_configured_credential(const char *host_port, HttpCredential *ret, void *userdata) {
        static const HttpCredentialKind kinds[] = {
                [CREDENTIAL_BASIC] = HTTP_CREDENTIAL_BASIC,
                [CREDENTIAL_BEARER] = HTTP_CREDENTIAL_BEARER,
                [CREDENTIAL_IDENTITY] = HTTP_CREDENTIAL_NONE, /* only for registries */
                [CREDENTIAL_AWS] = HTTP_CREDENTIAL_AWS,
        };
        const Credential *c;
        int r = credentials_lookup(host_port, NULL, CREDENTIAL_USE_HTTP, &c);
        if (r <= 0)
                return r;
        *ret = (HttpCredential){
                .kind = kinds[c->type],
                .user = c->user,
                .password = c->password,
                .token = c->token,
                .region = c->region,
        };
        return 1;
}
