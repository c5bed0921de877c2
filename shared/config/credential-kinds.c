/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "credential-kinds.h"

#include <errno.h>

#include "alloc.h"
#include "credential-scope.h"
#include "secret.h"
#include "strv.h"

void credential_list_done(CredentialList *l) {
        for (size_t i = 0; i < l->n; i++) {
                free(l->entries[i].scope);
                credential_done(&l->entries[i].credential);
        }
        free(l->entries);
        *l = (CredentialList){};
}

CredentialEntry *credential_list_find(const CredentialList *l, CredentialUse use, const char *scope) {
        for (size_t i = 0; i < l->n; i++)
                if (l->entries[i].use == use && streq(l->entries[i].scope, scope))
                        return &l->entries[i];
        return NULL;
}

/* A member of "credentials", which may not be empty. */
static int take_secret(JsonContext *c, json_object *o, const char *key, JsonPresence presence, char **ret) {
        const char *value = NULL;
        int r = json_get_string(c, o, key, presence, &value);
        if (r < 0 || !value)
                return r;
        if (!*value)
                return json_fail_member(c, key, "cannot be empty");
        *ret = xstrdup(value);
        return 0;
}

static int take_basic(JsonContext *c, json_object *o, Credential *ret) {
        int r = take_secret(c, o, "user", JSON_REQUIRED, &ret->user);
        return r < 0 ? r : take_secret(c, o, "password", JSON_REQUIRED, &ret->password);
}

static int take_bearer(JsonContext *c, json_object *o, Credential *ret) {
        return take_secret(c, o, "token", JSON_REQUIRED, &ret->token);
}

static int take_aws(JsonContext *c, json_object *o, Credential *ret) {
        int r = take_secret(c, o, "accessKeyID", JSON_REQUIRED, &ret->user);
        if (r >= 0)
                r = take_secret(c, o, "secretAccessKey", JSON_REQUIRED, &ret->password);
        return r < 0 ? r : take_secret(c, o, "awsRegion", JSON_OPTIONAL, &ret->region);
}

static const struct {
        const char *name;
        CredentialType type;
        int (*take)(JsonContext *c, json_object *o, Credential *ret);
} types[] = {
        { "basic", CREDENTIAL_BASIC, take_basic },
        { "oauth", CREDENTIAL_BEARER, take_bearer },
        { "aws", CREDENTIAL_AWS, take_aws },
};

static int take_credentials(JsonContext *c, const char *type, Credential *ret) {
        size_t i = 0;
        json_object *o;
        while (i < ELEMENTSOF(types) && !streq(type, types[i].name))
                i++;
        if (i == ELEMENTSOF(types))
                return json_fail_member(
                                c, "type", "\"%s\" is not known: expected basic, oauth or aws", type);
        if (json_get_object(c, c->root, "credentials", JSON_REQUIRED, &o) < 0)
                return -EINVAL;
        ret->type = types[i].type;
        size_t mark = json_enter(c, "credentials");
        int r = types[i].take(c, o, ret);
        json_leave(c, mark);
        return r;
}

static void add_entry(CredentialList *l, CredentialUse use, char *scope, const Credential *from,
                const char *source) {
        xgrow(&l->entries, l->n);
        l->entries[l->n++] = (CredentialEntry){
                use,
                scope,
                { from->type, xstrdup(from->user), xstrdup(from->password), xstrdup(from->token),
                                from->type == CREDENTIAL_AWS && !from->region ? aws_region_of_host(scope)
                                                                              : xstrdup(from->region),
                                xstrdup(source) },
        };
}

static int add_host(JsonContext *c, const char *host, CredentialUse use, const Credential *credential,
                CredentialList *level) {
        bool registry = use == CREDENTIAL_USE_DOCKER;
        _cleanup_free_ char *scope = credential_scope(host, registry);
        if (!credential_scope_is_valid(scope, registry))
                return json_fail(c, "\"%s\" is not a host: expected HOST[:PORT]%s", host,
                                registry ? " or HOST[:PORT]/PATH" : "");
        const CredentialEntry *same = credential_list_find(level, use, scope);
        if (same)
                return json_fail(c, "credentials for \"%s\" are already in %s", scope,
                                same->credential.source);
        add_entry(level, use, TAKE_PTR(scope), credential, c->name);
        return 0;
}

/* One credential for each of the hosts. */
static int add_hosts(JsonContext *c, const char *key, CredentialUse use, const Credential *credential,
                CredentialList *level) {
        _cleanup_strv_ char **hosts = NULL;
        int r = json_get_strv(c, c->root, key, JSON_REQUIRED, &hosts);
        if (r < 0)
                return r;
        size_t mark = json_enter(c, key);
        if (!hosts[0])
                r = json_fail(c, "cannot be empty");
        for (size_t i = 0; r >= 0 && hosts[i]; i++) {
                size_t inner = json_enter_index(c, i);
                r = add_host(c, hosts[i], use, credential, level);
                json_leave(c, inner);
        }
        json_leave(c, mark);
        return r;
}

static int read_auth(JsonContext *c, void *userdata) {
        _cleanup_(credential_done) Credential credential = {};
        const char *type;
        int r = json_get_string(c, c->root, "type", JSON_REQUIRED, &type);
        if (r >= 0)
                r = take_credentials(c, type, &credential);
        return r < 0 ? r : add_hosts(c, "domains", CREDENTIAL_USE_HTTP, &credential, userdata);
}

static int read_docker_auth(JsonContext *c, void *userdata) {
        _cleanup_(credential_done) Credential credential = {};
        int r = take_credentials(c, "basic", &credential);
        return r < 0 ? r : add_hosts(c, "registries", CREDENTIAL_USE_DOCKER, &credential, userdata);
}

const KindDirectory credential_directory = { "auth.d", true,
        { { "auth", read_auth }, { "dockerAuth", read_docker_auth } } };
