/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registries.h"

#include <errno.h>

#include "alloc.h"
#include "credential-scope.h"
#include "globals.h"
#include "kind-files.h"
#include "log.h"
#include "strv.h"

#define LOCATION_FORM "HOST[:PORT] or HOST[:PORT]/PATH"

static void rule_done(RegistryRule *rule) {
        free(rule->prefix);
        free(rule->location);
        for (size_t i = 0; i < rule->n_mirrors; i++)
                free(rule->mirrors[i].location);
        free(rule->mirrors);
        free(rule->source);
        *rule = (RegistryRule){};
}

static void rules_done(Registries *r) {
        for (size_t i = 0; i < r->n; i++)
                rule_done(&r->rules[i]);
        free(r->rules);
        *r = (Registries){};
}

void registries_free(Registries *r) {
        if (!r)
                return;
        rules_done(r);
        free(r);
}

static RegistryRule *find_rule(const Registries *r, const char *prefix) {
        for (size_t i = 0; i < r->n; i++)
                if (streq(r->rules[i].prefix, prefix))
                        return &r->rules[i];
        return NULL;
}

static int take_location(JsonContext *c, json_object *o, JsonPresence presence, char **ret) {
        const char *value = NULL;
        int r = json_get_string(c, o, "location", presence, &value);
        if (r < 0 || !value)
                return r;
        size_t mark = json_enter(c, "location");
        if (strstr(value, "://"))
                r = json_fail(c, "expected " LOCATION_FORM " without a scheme, found \"%s\"", value);
        _cleanup_free_ char *location = credential_scope(value, true);
        if (r >= 0 && !credential_scope_is_valid(location, true))
                r = json_fail(c, "expected " LOCATION_FORM ", found \"%s\"", value);
        json_leave(c, mark);
        if (r >= 0)
                *ret = TAKE_PTR(location);
        return r;
}

static int take_prefix(JsonContext *c, json_object *o, char **ret) {
        const char *value;
        int r = json_get_string(c, o, "prefix", JSON_REQUIRED, &value);
        if (r < 0)
                return r;
        const char *domain = startswith(value, "*.");
        _cleanup_free_ char *scope = credential_scope(domain ?: value, !domain);
        if (!credential_scope_is_valid(scope, !domain))
                return json_fail_member(
                                c, "prefix", "expected " LOCATION_FORM ", or *.DOMAIN, found \"%s\"", value);
        *ret = domain ? xasprintf("*.%s", scope) : TAKE_PTR(scope);
        return 0;
}

static int take_mirrors(JsonContext *c, json_object *o, RegistryRule *rule) {
        json_object *array = NULL;
        int r = json_get_array(c, o, "mirrors", JSON_OPTIONAL, &array);
        if (r < 0 || !array)
                return r;
        size_t mark = json_enter(c, "mirrors");
        rule->mirrors = xnew(RegistryMirror, json_object_array_length(array) + 1);
        for (size_t i = 0; r >= 0 && i < json_object_array_length(array); i++) {
                json_object *item = json_object_array_get_idx(array, i);
                RegistryMirror *mirror = &rule->mirrors[rule->n_mirrors++];
                size_t inner = json_enter_index(c, i);
                r = json_expect(c, item, json_type_object);
                if (r >= 0)
                        r = take_location(c, item, JSON_REQUIRED, &mirror->location);
                if (r >= 0)
                        r = json_get_bool(c, item, "insecure", JSON_OPTIONAL, &mirror->insecure);
                json_leave(c, inner);
        }
        json_leave(c, mark);
        return r;
}

static int take_rule(JsonContext *c, json_object *o, const Registries *level, RegistryRule *ret) {
        if (json_expect(c, o, json_type_object) < 0 || take_prefix(c, o, &ret->prefix) < 0 ||
                        take_location(c, o, JSON_OPTIONAL, &ret->location) < 0 ||
                        json_get_bool(c, o, "insecure", JSON_OPTIONAL, &ret->insecure) < 0 ||
                        json_get_bool(c, o, "blocked", JSON_OPTIONAL, &ret->blocked) < 0 ||
                        take_mirrors(c, o, ret) < 0)
                return -EINVAL;
        const RegistryRule *same = find_rule(level, ret->prefix);
        if (same)
                return json_fail(c, "prefix \"%s\" is already in %s", ret->prefix, same->source);
        ret->source = xstrdup(c->name);
        return 0;
}

static int read_registries(JsonContext *c, void *userdata) {
        Registries *level = userdata;
        json_object *array;
        int r = json_get_array(c, c->root, "registries", JSON_REQUIRED, &array);
        if (r < 0)
                return r;
        size_t mark = json_enter(c, "registries");
        for (size_t i = 0; r >= 0 && i < json_object_array_length(array); i++) {
                RegistryRule rule = {};
                size_t inner = json_enter_index(c, i);
                r = take_rule(c, json_object_array_get_idx(array, i), level, &rule);
                json_leave(c, inner);
                if (r < 0) {
                        rule_done(&rule);
                        break;
                }
                xgrow(&level->rules, level->n);
                level->rules[level->n++] = rule;
        }
        json_leave(c, mark);
        return r;
}

static const KindDirectory directory = { "registries.d", false, { { "registries", read_registries } } };

int registries_parse(const char *path, const char *text, size_t size, Registries *r, char **ret_error) {
        return kind_text_read(&directory, path, text, size, r, ret_error);
}

/* Takes level's rules. */
static void merge(Registries *r, Registries *level) {
        for (size_t i = 0; i < level->n; i++) {
                RegistryRule *old = find_rule(r, level->rules[i].prefix);
                if (old) {
                        rule_done(old);
                        *old = level->rules[i];
                } else {
                        xgrow(&r->rules, r->n);
                        r->rules[r->n++] = level->rules[i];
                }
        }
        level->n = 0;
        rules_done(level);
}

static int compare_rules(const void *a, const void *b) {
        return strcmp(((const RegistryRule *) a)->prefix, ((const RegistryRule *) b)->prefix);
}

int registries_load(char *const *directories, Registries **ret) {
        _cleanup_registries_ Registries *all = xnew(Registries, 1);
        STRV_FOREACH (d, directories) {
                Registries level = {};
                int r = **d ? kind_directory_read(&directory, *d, &level) : 0;
                if (r < 0) {
                        rules_done(&level);
                        return r;
                }
                merge(all, &level);
        }
        if (all->n > 0)
                qsort(all->rules, all->n, sizeof(*all->rules), compare_rules);
        *ret = TAKE_PTR(all);
        return 0;
}

void registry_endpoints_done(RegistryEndpoints *e) {
        for (size_t i = 0; i < e->n; i++) {
                free(e->items[i].host);
                free(e->items[i].repository);
        }
        free(e->items);
        *e = (RegistryEndpoints){};
}

/* How much of name the rule's prefix takes; 0 if it is not for it. */
static size_t matched(const RegistryRule *rule, const char *name) {
        size_t host = strcspn(name, "/"), n = strlen(rule->prefix);
        const char *domain = startswith(rule->prefix, "*");
        if (domain)
                return host >= n && strncmp(name + host - (n - 1), domain, n - 1) == 0 ? host : 0;
        return strncmp(name, rule->prefix, n) == 0 && (!name[n] || name[n] == '/') ? n : 0;
}

static bool is_wildcard(const RegistryRule *rule) {
        return rule->prefix[0] == '*';
}

/* The longest prefix, but any before a wildcard. */
static const RegistryRule *find_match(const Registries *r, const char *name) {
        const RegistryRule *best = NULL;
        for (size_t i = 0; i < r->n; i++) {
                const RegistryRule *rule = &r->rules[i];
                if (matched(rule, name) == 0)
                        continue;
                if (!best || (is_wildcard(best) && !is_wildcard(rule)) ||
                                (is_wildcard(best) == is_wildcard(rule) &&
                                                strlen(rule->prefix) > strlen(best->prefix)))
                        best = rule;
        }
        return best;
}

/* location takes the place of the first n characters of name. */
static int add_endpoint(RegistryEndpoints *e, const char *location, const char *name, size_t n,
                bool insecure, bool mirror) {
        _cleanup_free_ char *whole = xasprintf("%s%s", location, name + n);
        const char *slash = strchr(whole, '/');
        if (!slash || !slash[1]) {
                log_error("%s stands for %s in the configuration of registries, which is no repository",
                                whole, name);
                return -EINVAL;
        }
        xgrow(&e->items, e->n);
        e->items[e->n++] = (RegistryEndpoint){ xstrndup(whole, slash - whole), xstrdup(slash + 1), insecure,
                mirror };
        return 0;
}

static int apply_rule(const RegistryRule *rule, const char *name, RegistryEndpoints *e) {
        if (rule->blocked) {
                log_error("%s is blocked: prefix \"%s\" in %s", name, rule->prefix, rule->source);
                return -EPERM;
        }
        size_t n = matched(rule, name);
        int r = 0;
        for (size_t i = 0; r >= 0 && i < rule->n_mirrors; i++)
                r = add_endpoint(e, rule->mirrors[i].location, name, n, rule->mirrors[i].insecure, true);
        _cleanup_free_ char *same = xstrndup(name, n);
        return r < 0 ? r : add_endpoint(e, rule->location ?: same, name, n, rule->insecure, false);
}

int registries_resolve(
                const Registries *r, const char *host, const char *repository, RegistryEndpoints *ret) {
        _cleanup_registry_endpoints_ RegistryEndpoints e = {};
        _cleanup_free_ char *given = xasprintf("%s/%s", host, repository),
                            *name = credential_scope(given, true);
        const RegistryRule *rule = find_match(r, name);
        int x = rule ? apply_rule(rule, name, &e) : add_endpoint(&e, "", given, 0, false, false);
        if (x < 0)
                return x;
        *ret = e;
        e = (RegistryEndpoints){};
        return 0;
}

int registries_lookup(const char *host, const char *repository, RegistryEndpoints *ret) {
        static Registries *registries;
        if (!registries) {
                char *directories[] = { globals.system_config, globals.local_config, globals.user_config,
                        NULL };
                int r = registries_load(directories, &registries);
                if (r < 0)
                        return r;
        }
        return registries_resolve(registries, host, repository, ret);
}
