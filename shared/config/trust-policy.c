/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trust-policy.h"

#include <errno.h>

#include "alloc.h"
#include "globals.h"
#include "kind-files.h"
#include "log.h"
#include "strv.h"

static const char *const policies[] = {
        [TRUST_SIGNATURE] = "signature", [TRUST_ACCEPT] = "accept", [TRUST_REJECT] = "reject"
};

static void rule_done(TrustRule *rule) {
        free(rule->prefix);
        free(rule->source);
}

const char *trust_policy_name(TrustPolicy p) {
        return policies[p];
}

void trust_rules_clear(TrustRules *l) {
        for (size_t i = 0; i < l->n; i++)
                rule_done(&l->items[i]);
        free(l->items);
        *l = (TrustRules){};
}

static TrustRule *find_rule(const TrustRules *l, const char *prefix) {
        for (size_t i = 0; i < l->n; i++)
                if (streq(l->items[i].prefix, prefix))
                        return &l->items[i];
        return NULL;
}

static int get_policy(JsonContext *c, TrustPolicy *ret) {
        const char *text;
        int r = json_get_string(c, c->root, "policy", JSON_REQUIRED, &text);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(policies); i++)
                if (streq(text, policies[i])) {
                        *ret = i;
                        return 0;
                }
        return json_fail_member(
                        c, "policy", "expected \"signature\", \"accept\" or \"reject\", found \"%s\"", text);
}

static int add_rule(JsonContext *c, const char *prefix, TrustPolicy policy, TrustRules *l) {
        /* "example.com/" says the same as "example.com"; "/" is the root directory */
        size_t n = strlen(prefix);
        _cleanup_free_ char *normal = xstrndup(prefix, n > 1 && prefix[n - 1] == '/' ? n - 1 : n);
        const TrustRule *same = find_rule(l, normal);
        if (!*normal || (strchr(normal, '*') && !streq(normal, "*")) || strstr(normal, "//"))
                return json_fail(c,
                                "expected the beginning of names, such as \"example.com/app\", "
                                "\"localhost:5000\" or \"/srv/images\", or \"*\", found \"%s\"",
                                prefix);
        if (same)
                return json_fail(c, "prefix \"%s\" is already in %s", prefix, same->source);
        xgrow(&l->items, l->n);
        l->items[l->n++] = (TrustRule){ TAKE_PTR(normal), policy, xstrdup(c->name) };
        return 0;
}

static int read_trust(JsonContext *c, void *userdata) {
        _cleanup_strv_ char **prefixes = NULL;
        TrustPolicy policy = TRUST_SIGNATURE;
        if (json_get_strv(c, c->root, "prefixes", JSON_REQUIRED, &prefixes) < 0 ||
                        get_policy(c, &policy) < 0)
                return -EINVAL;
        size_t mark = json_enter(c, "prefixes");
        int r = prefixes[0] ? 0 : json_fail(c, "expected at least one");
        for (size_t i = 0; r >= 0 && prefixes[i]; i++) {
                size_t inner = json_enter_index(c, i);
                r = add_rule(c, prefixes[i], policy, userdata);
                json_leave(c, inner);
        }
        json_leave(c, mark);
        return r;
}

static const KindDirectory directory = { "trust.d", false, { { "trust", read_trust } } };

int trust_rules_parse(const char *path, const char *text, size_t size, TrustRules *l, char **ret_error) {
        return kind_text_read(&directory, path, text, size, l, ret_error);
}

/* Takes level's rules. */
static void merge(TrustRules *l, TrustRules *level) {
        for (size_t i = 0; i < level->n; i++) {
                TrustRule *old = find_rule(l, level->items[i].prefix);
                if (old) {
                        rule_done(old);
                        *old = level->items[i];
                } else {
                        xgrow(&l->items, l->n);
                        l->items[l->n++] = level->items[i];
                }
        }
        level->n = 0;
        trust_rules_clear(level);
}

int trust_rules_load(char *const *directories, TrustRules *ret) {
        TrustRules all = {};
        STRV_FOREACH (d, directories) {
                TrustRules level = {};
                int r = **d ? kind_directory_read(&directory, *d, &level) : 0;
                if (r < 0) {
                        trust_rules_clear(&level);
                        trust_rules_clear(&all);
                        return r;
                }
                merge(&all, &level);
        }
        *ret = all;
        return 0;
}

static bool covers(const char *prefix, const char *name) {
        const char *rest = startswith(name, prefix);
        return streq(prefix, "*") || (rest && (!*rest || *rest == '/' || streq(prefix, "/")));
}

const TrustRule *trust_rules_find(const TrustRules *l, const char *name) {
        const TrustRule *best = NULL;
        for (size_t i = 0; i < l->n; i++) {
                const TrustRule *rule = &l->items[i];
                if (covers(rule->prefix, name) &&
                                (!best || streq(best->prefix, "*") ||
                                                (!streq(rule->prefix, "*") &&
                                                                strlen(rule->prefix) >
                                                                                strlen(best->prefix))))
                        best = rule;
        }
        return best;
}

int trust_policy_check(const char *name, bool *ret_signature) {
        static TrustRules rules;
        static bool loaded;
        if (!loaded) {
                char *directories[] = { globals.system_config, globals.local_config, NULL };
                int r = trust_rules_load(directories, &rules);
                if (r < 0)
                        return r;
                loaded = true;
        }
        const TrustRule *rule = trust_rules_find(&rules, name);
        if (rule && rule->policy == TRUST_REJECT) {
                log_error("image %s is rejected: prefix \"%s\" in %s", name, rule->prefix, rule->source);
                return -EPERM;
        }
        *ret_signature = !rule || rule->policy == TRUST_SIGNATURE;
        return 0;
}
