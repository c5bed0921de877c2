/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "build-config.h"
#include "credentials.h"
#include "globals.h"
#include "json.h"
#include "log.h"
#include "process.h"
#include "registries.h"
#include "strv.h"
#include "trust-policy.h"

#define MASKED "********"

static bool pretty = true, show_secrets;

static const Option options[] = {
        { "pretty-print", OPTION_BOOL, &pretty, "apply indent to format the output",
                        .shown_default = "true" },
        { "show-secrets", OPTION_BOOL, &show_secrets,
                        "print passwords, tokens and secret keys as they are" },
        {},
};

static const Command command = {
        .name = "config",
        .usage = "[--pretty-print=true] [--show-secrets]",
        .summary = "Print configuration for each stage in JSON format",
        .description = "Prints what the files of the system, the local and the user configuration directory "
                       "amount to, in the form of such files.",
        .options = options,
        .global_options = global_options,
};

static void add_string(json_object *o, const char *key, const char *value) {
        if (value)
                json_object_object_add(o, key, json_object_new_string(value));
}

static void add_secret(json_object *o, const char *key, const char *value) {
        add_string(o, key, show_secrets ? value : MASKED);
}

static json_object *add_entry(json_object *entries, const char *kind) {
        json_object *entry = json_object_new_object();
        add_string(entry, "rktVersion", "v1");
        add_string(entry, "rktKind", kind);
        json_object_array_add(entries, entry);
        return entry;
}

static void add_scope(json_object *entry, const char *key, const char *scope) {
        json_object *array = json_object_new_array();
        json_object_array_add(array, json_object_new_string(scope));
        json_object_object_add(entry, key, array);
}

static void add_user_and_password(json_object *o, const Credential *c) {
        add_string(o, "user", c->user);
        add_secret(o, "password", c->password);
}

static const char *add_web_credential(json_object *o, const Credential *c) {
        switch (c->type) {
        case CREDENTIAL_AWS:
                add_string(o, "accessKeyID", c->user);
                add_secret(o, "secretAccessKey", c->password);
                add_string(o, "awsRegion", c->region);
                return "aws";
        case CREDENTIAL_BEARER: add_secret(o, "token", c->token); return "oauth";
        default: add_user_and_password(o, c); return "basic";
        }
}

/* One entry for each host, as in rkt. */
static void add_credential(CredentialUse use, const char *scope, const Credential *c, void *userdata) {
        json_object *credentials = json_object_new_object();
        if (use == CREDENTIAL_USE_HTTP) {
                json_object *entry = add_entry(userdata, "auth");
                add_scope(entry, "domains", scope);
                add_string(entry, "type", add_web_credential(credentials, c));
                json_object_object_add(entry, "credentials", credentials);
                return;
        }
        json_object *entry = add_entry(userdata, "dockerAuth");
        add_scope(entry, "registries", scope);
        add_user_and_password(credentials, c);
        json_object_object_add(entry, "credentials", credentials);
}

static void add_location(json_object *o, const char *location, bool insecure) {
        add_string(o, "location", location);
        if (insecure)
                json_object_object_add(o, "insecure", json_object_new_boolean(true));
}

static json_object *rule_to_json(const RegistryRule *rule) {
        json_object *o = json_object_new_object(), *mirrors = NULL;
        add_string(o, "prefix", rule->prefix);
        add_location(o, rule->location, rule->insecure);
        if (rule->blocked)
                json_object_object_add(o, "blocked", json_object_new_boolean(true));
        for (size_t i = 0; i < rule->n_mirrors; i++) {
                json_object *mirror = json_object_new_object();
                add_location(mirror, rule->mirrors[i].location, rule->mirrors[i].insecure);
                if (!mirrors)
                        json_object_object_add(o, "mirrors", mirrors = json_object_new_array());
                json_object_array_add(mirrors, mirror);
        }
        return o;
}

static void add_registries(json_object *entries, const Registries *registries) {
        if (registries->n == 0)
                return;
        json_object *rules = json_object_new_array();
        for (size_t i = 0; i < registries->n; i++)
                json_object_array_add(rules, rule_to_json(&registries->rules[i]));
        json_object_object_add(add_entry(entries, "registries"), "registries", rules);
}

static void add_trust(json_object *entries, const TrustRules *rules) {
        for (size_t i = 0; i < rules->n; i++) {
                json_object *entry = add_entry(entries, "trust");
                add_scope(entry, "prefixes", rules->items[i].prefix);
                add_string(entry, "policy", trust_policy_name(rules->items[i].policy));
        }
}

static void add_config(json_object *entries, const Config *c) {
        json_object *paths = add_entry(entries, "paths");
        add_string(paths, "data", c->data_dir ?: RKT_DATA_DIR);
        add_string(paths, "stage1-images", c->stage1_images_dir ?: RKT_STAGE1_DIR);
        json_object *stage1 = add_entry(entries, "stage1");
        add_string(stage1, "name", c->stage1_name);
        add_string(stage1, "version", c->stage1_version);
        add_string(stage1, "location", c->stage1_location);
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        _cleanup_credentials_ Credentials *credentials = NULL;
        _cleanup_registries_ Registries *registries = NULL;
        _cleanup_trust_rules_ TrustRules rules = {};
        int r = globals_command(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (arguments[0]) {
                log_error("unexpected argument \"%s\"", arguments[0]);
                return EXIT_RKT_FAILURE;
        }
        char *directories[] = { globals.system_config, globals.local_config, globals.user_config, NULL };
        char *not_of_users[] = { globals.system_config, globals.local_config, NULL };
        if (credentials_load(directories, &credentials) < 0 ||
                        registries_load(directories, &registries) < 0 ||
                        trust_rules_load(not_of_users, &rules) < 0)
                return EXIT_RKT_FAILURE;

        _cleanup_json_ json_object *root = json_object_new_object(), *entries = json_object_new_array();
        credentials_foreach(credentials, add_credential, entries);
        add_config(entries, &globals.config);
        add_registries(entries, registries);
        add_trust(entries, &rules);
        json_object_object_add(root, "stage0", json_object_get(entries));
        _cleanup_free_ char *text = json_to_text(root, pretty);
        puts(text);
        return process_end(0);
}
