/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry-sources.h"

#include "alloc.h"
#include "credentials.h"
#include "insecure.h"
#include "registries.h"

void registry_sources_free(RegistrySources *s) {
        for (size_t i = 0; i < s->n; i++)
                registry_free(s->items[i]);
        free(s->items);
        free(s);
}

static int find_credential(const char *host, const char *repository, RegistryCredential *ret) {
        const Credential *c;
        int r = credentials_lookup(host, repository, CREDENTIAL_USE_DOCKER, &c);
        if (r <= 0)
                return r;
        switch (c->type) {
        case CREDENTIAL_BASIC:
                ret->http = (HttpCredential){
                        .kind = HTTP_CREDENTIAL_BASIC, .user = c->user, .password = c->password
                };
                return 1;
        case CREDENTIAL_BEARER:
                ret->http = (HttpCredential){ .kind = HTTP_CREDENTIAL_BEARER, .token = c->token };
                return 1;
        case CREDENTIAL_IDENTITY: ret->identity_token = c->token; return 1;
        default: return 0; /* not for registries */
        }
}

int registry_sources_new(
                HttpClient *http, const Reference *reference, unsigned insecure, RegistrySources **ret) {
        _cleanup_registry_endpoints_ RegistryEndpoints endpoints = {};
        int r = registries_lookup(reference->host, reference->repository, &endpoints);
        if (r < 0)
                return r;
        RegistrySources *s = xnew(RegistrySources, 1);
        s->items = xnew(Registry *, endpoints.n);
        for (; s->n < endpoints.n; s->n++) {
                const RegistryEndpoint *e = &endpoints.items[s->n];
                RegistryOptions options = {
                        .http = http,
                        .host = e->host,
                        .repository = e->repository,
                        .insecure = insecure | (e->insecure ? INSECURE_TLS | INSECURE_HTTP : 0),
                        .mirror = e->mirror,
                        .credential = find_credential,
                };
                s->items[s->n] = registry_new(&options);
        }
        *ret = s;
        return 0;
}
