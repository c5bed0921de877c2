/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network's plugins, one after the other (CNI specification, sections 3 and 4). */

#include <errno.h>

#include "alloc.h"
#include "cni-exec.h"
#include "log.h"

/* Of the arguments, those that the plugin says it can take. */
static void add_runtime_config(json_object *config, const CniRuntime *rt) {
        json_object *declared, *value, *runtime;
        if (!json_object_object_get_ex(config, "capabilities", &declared))
                return;
        if (!json_object_object_get_ex(config, "runtimeConfig", &runtime) ||
                        !json_object_is_type(runtime, json_type_object))
                runtime = NULL;
        runtime = runtime ? json_object_get(runtime) : json_object_new_object();
        if (rt->capabilities) {
                json_object_object_foreach (rt->capabilities, name, argument) {
                        if (json_object_object_get_ex(declared, name, &value) &&
                                        json_object_get_boolean(value))
                                json_object_object_add(runtime, name, json_object_get(argument));
                }
        }
        json_object_object_del(config, "capabilities");
        if (json_object_object_length(runtime) > 0)
                json_object_object_add(config, "runtimeConfig", runtime);
        else
                json_object_put(runtime);
}

/* What a plugin of the network gets on its standard input. The caller's. */
static json_object *plugin_config(const CniNetwork *n, size_t index, const CniRuntime *rt,
                json_object *result, json_object *attachments) {
        json_object *config = NULL;
        if (json_object_deep_copy(n->plugins[index].json, &config, NULL) < 0)
                config = json_object_new_object();
        json_object_object_del(config, "cniVersions");
        json_object_object_add(config, "cniVersion", json_object_new_string(cni_version_name(n->version)));
        json_object_object_add(config, "name", json_object_new_string(n->name));
        if (result)
                json_object_object_add(config, "prevResult", json_object_get(result));
        if (attachments)
                json_object_object_add(config, "cni.dev/valid-attachments", json_object_get(attachments));
        add_runtime_config(config, rt);
        return config;
}

/* The result of an ADD must be one: the next plugin's and DEL's input hang on it. */
static int take_result(const CniNetwork *n, const char *type, const char *text, size_t size,
                json_object **ret, char **ret_error) {
        _cleanup_json_context_ JsonContext c;
        _cleanup_cni_result_ CniResult parsed = {};
        _cleanup_free_ char *name = xasprintf("result of plugin %s", type);
        int r = json_context_parse(&c, name, text, size);
        if (r >= 0)
                r = cni_result_from_json(&c, c.root, n->version, &parsed);
        if (r < 0) {
                *ret_error = TAKE_PTR(c.error);
                return -EIO;
        }
        *ret = json_object_get(c.root);
        return 0;
}

int cni_chain_add(const CniNetwork *n, const CniRuntime *rt, json_object **ret_result, size_t *ret_n_called,
                char **ret_error) {
        _cleanup_json_ json_object *result = NULL;
        for (size_t i = 0; i < n->n_plugins; i++) {
                _cleanup_json_ json_object *config = plugin_config(n, i, rt, result, NULL);
                _cleanup_free_ char *output = NULL;
                size_t size = 0;
                json_object *next = NULL;
                *ret_n_called = i + 1;
                int r = cni_exec(rt, "ADD", n->plugins[i].type, config, &output, &size, ret_error);
                if (r >= 0)
                        r = take_result(n, n->plugins[i].type, output, size, &next, ret_error);
                if (r < 0)
                        return r;
                json_object_put(result);
                result = next;
        }
        *ret_result = TAKE_PTR(result);
        return 0;
}

int cni_chain_del(const CniNetwork *n, const CniRuntime *rt, json_object *result, char **ret_error) {
        int first = 0;
        /* earlier versions have no prevResult at DEL */
        json_object *previous = n->version >= CNI_0_4_0 ? result : NULL;
        for (size_t i = rt->n_called ? rt->n_called : n->n_plugins; i-- > 0;) {
                _cleanup_json_ json_object *config = plugin_config(n, i, rt, previous, NULL);
                _cleanup_free_ char *output = NULL, *error = NULL;
                size_t size;
                int r = cni_exec(rt, "DEL", n->plugins[i].type, config, &output, &size, &error);
                if (r == -ENOENT) {
                        log_warning("network \"%s\": %s: what it made may be left", n->name, error);
                        continue;
                }
                if (r == -EREMOTEIO && rt->refusal && streq(error, rt->refusal))
                        continue;
                if (r < 0 && first < 0)
                        log_warning("network \"%s\": %s", n->name, error);
                else if (r < 0) {
                        first = r;
                        *ret_error = TAKE_PTR(error);
                }
        }
        return first;
}

static int each_in_order(const CniNetwork *n, const CniRuntime *rt, const char *command, CniVersion since,
                json_object *result, json_object *attachments, char **ret_error) {
        if (n->version < since) {
                *ret_error = xasprintf("%s is not in CNI %s", command, cni_version_name(n->version));
                return -EOPNOTSUPP;
        }
        for (size_t i = 0; i < n->n_plugins; i++) {
                _cleanup_json_ json_object *config = plugin_config(n, i, rt, result, attachments);
                _cleanup_free_ char *output = NULL;
                size_t size;
                int r = cni_exec(rt, command, n->plugins[i].type, config, &output, &size, ret_error);
                if (r < 0)
                        return r;
        }
        return 0;
}

int cni_chain_check(const CniNetwork *n, const CniRuntime *rt, json_object *result, char **ret_error) {
        if (n->disable_check)
                return 0;
        return each_in_order(n, rt, "CHECK", CNI_0_4_0, result, NULL, ret_error);
}

int cni_chain_status(const CniNetwork *n, const CniRuntime *rt, char **ret_error) {
        return each_in_order(n, rt, "STATUS", CNI_1_1_0, NULL, NULL, ret_error);
}

int cni_chain_gc(const CniNetwork *n, const CniRuntime *rt, json_object *attachments, char **ret_error) {
        if (n->disable_gc)
                return 0;
        return each_in_order(n, rt, "GC", CNI_1_1_0, NULL, attachments, ret_error);
}
