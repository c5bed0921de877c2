/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cni-config.h"

#include <errno.h>

#include "alloc.h"
#include "network-list.h"

static int check_name(JsonContext *c, const char *name) {
        if (network_name_is_valid(name))
                return 0;
        size_t mark = json_enter(c, "name");
        int r = json_fail(c,
                        "\"%s\" is not a network's name: letters, digits, \"_\", \".\" and \"-\", the first "
                        "a "
                        "letter or digit",
                        name);
        json_leave(c, mark);
        return r;
}

/* The newest that we know, of those that the network says it can do. */
static int read_versions(JsonContext *c, json_object *o, CniVersion *ret) {
        const char *text = NULL;
        json_object *array = NULL;
        int r;
        if ((r = json_get_string(c, o, "cniVersion", JSON_OPTIONAL, &text)) < 0 ||
                        (r = json_get_array(c, o, "cniVersions", JSON_OPTIONAL, &array)) < 0)
                return r;
        CniVersion best = CNI_0_1_0, version;
        bool found = false;
        for (size_t i = 0; array && i < json_object_array_length(array); i++) {
                json_object *item = json_object_array_get_idx(array, i);
                size_t mark = json_enter(c, "cniVersions");
                json_enter_index(c, i);
                r = json_expect(c, item, json_type_string);
                json_leave(c, mark);
                if (r < 0)
                        return r;
                if (cni_version_parse(json_object_get_string(item), &version) < 0)
                        continue;
                best = found ? MAX(best, version) : version;
                found = true;
        }
        if (found && !text) {
                *ret = best;
                return 0;
        }
        if (cni_version_parse(text, &version) >= 0) {
                *ret = found ? MAX(best, version) : version;
                return 0;
        }
        if (found) {
                *ret = best;
                return 0;
        }
        size_t mark = json_enter(c, "cniVersion");
        r = json_fail(c, "\"%s\" is not a version of CNI that is known here: %s to %s", text,
                        cni_version_name(0), cni_version_name(_CNI_VERSION_MAX - 1));
        json_leave(c, mark);
        return r;
}

static int check_capabilities(JsonContext *c, json_object *plugin) {
        json_object *capabilities = NULL;
        int r = json_get_object(c, plugin, "capabilities", JSON_OPTIONAL, &capabilities);
        if (r < 0 || !capabilities)
                return r;
        size_t mark = json_enter(c, "capabilities");
        json_object_object_foreach (capabilities, key, value) {
                bool on;
                if (value && (r = json_get_bool(c, capabilities, key, JSON_REQUIRED, &on)) < 0)
                        break;
        }
        json_leave(c, mark);
        return r;
}

static int read_plugin(JsonContext *c, json_object *o, CniPluginConfig *ret) {
        const char *type = NULL;
        bool ip_masq = false;
        int r;
        if ((r = json_expect(c, o, json_type_object)) < 0 ||
                        (r = json_get_string(c, o, "type", JSON_REQUIRED, &type)) < 0 ||
                        (r = json_get_bool(c, o, "ipMasq", JSON_OPTIONAL, &ip_masq)) < 0 ||
                        (r = check_capabilities(c, o)) < 0)
                return r;
        if (!*type || strchr(type, '/') || streq(type, ".") || streq(type, "..")) {
                size_t mark = json_enter(c, "type");
                r = json_fail(c, "\"%s\" is not the name of a plugin", type);
                json_leave(c, mark);
                return r;
        }
        *ret = (CniPluginConfig){ .type = type, .json = json_object_get(o), .ip_masq = ip_masq };
        return 0;
}

static int read_plugins(JsonContext *c, json_object *array, CniNetwork *n) {
        size_t mark = json_enter(c, "plugins");
        int r = 0;
        if (json_object_array_length(array) == 0)
                r = json_fail(c, "a network needs a plugin at least");
        n->plugins = xnew(CniPluginConfig, json_object_array_length(array));
        for (size_t i = 0; r >= 0 && i < json_object_array_length(array); i++) {
                size_t element = json_enter_index(c, i);
                r = read_plugin(c, json_object_array_get_idx(array, i), &n->plugins[i]);
                n->n_plugins += r >= 0;
                json_leave(c, element);
        }
        json_leave(c, mark);
        return r;
}

static int read_network(JsonContext *c, json_object *o, CniNetwork *n) {
        const char *name = NULL;
        json_object *plugins = NULL;
        int r;
        if ((r = json_expect(c, o, json_type_object)) < 0 ||
                        (r = json_get_string(c, o, "name", JSON_REQUIRED, &name)) < 0 ||
                        (r = check_name(c, name)) < 0 || (r = read_versions(c, o, &n->version)) < 0 ||
                        (r = json_get_bool(c, o, "disableCheck", JSON_OPTIONAL, &n->disable_check)) < 0 ||
                        (r = json_get_bool(c, o, "disableGC", JSON_OPTIONAL, &n->disable_gc)) < 0 ||
                        (r = json_get_array(c, o, "plugins", JSON_OPTIONAL, &plugins)) < 0)
                return r;
        n->name = xstrdup(name);
        n->path = xstrdup(c->name);
        if (plugins)
                return read_plugins(c, plugins, n);
        n->plugins = xnew(CniPluginConfig, 1);
        r = read_plugin(c, o, n->plugins);
        n->n_plugins = r >= 0;
        return r;
}

int cni_network_from_json(JsonContext *c, json_object *o, CniNetwork *ret) {
        _cleanup_cni_network_ CniNetwork n = {};
        int r = read_network(c, o, &n);
        if (r < 0)
                return r;
        *ret = n;
        n = (CniNetwork){};
        return 0;
}

int cni_network_parse(const char *path, const char *text, size_t size, CniNetwork *ret, char **ret_error) {
        _cleanup_json_context_ JsonContext c;
        int r = json_context_parse(&c, path, text, size);
        if (r >= 0)
                r = cni_network_from_json(&c, c.root, ret);
        if (r < 0)
                *ret_error = TAKE_PTR(c.error);
        return r;
}

json_object *cni_network_to_json(const CniNetwork *n) {
        json_object *o = json_object_new_object(), *plugins = json_object_new_array();
        json_object_object_add(o, "cniVersion", json_object_new_string(cni_version_name(n->version)));
        json_object_object_add(o, "name", json_object_new_string(n->name));
        if (n->disable_check)
                json_object_object_add(o, "disableCheck", json_object_new_boolean(true));
        if (n->disable_gc)
                json_object_object_add(o, "disableGC", json_object_new_boolean(true));
        for (size_t i = 0; i < n->n_plugins; i++)
                json_object_array_add(plugins, json_object_get(n->plugins[i].json));
        json_object_object_add(o, "plugins", plugins);
        return o;
}

bool cni_network_masquerades(const CniNetwork *n) {
        for (size_t i = 0; i < n->n_plugins; i++)
                if (n->plugins[i].ip_masq)
                        return true;
        return false;
}

bool cni_network_has_capability(const CniNetwork *n, const char *capability) {
        for (size_t i = 0; i < n->n_plugins; i++) {
                json_object *capabilities, *value;
                if (json_object_object_get_ex(n->plugins[i].json, "capabilities", &capabilities) &&
                                json_object_object_get_ex(capabilities, capability, &value) &&
                                json_object_get_boolean(value))
                        return true;
        }
        return false;
}

json_object *cni_network_append(CniNetwork *n, const char *type, const char *capability) {
        json_object *o = json_object_new_object(), *capabilities = json_object_new_object();
        json_object_object_add(o, "type", json_object_new_string(type));
        json_object_object_add(capabilities, capability, json_object_new_boolean(true));
        json_object_object_add(o, "capabilities", capabilities);
        n->plugins = xreallocarray(n->plugins, n->n_plugins + 1, sizeof(*n->plugins));
        n->plugins[n->n_plugins++] = (CniPluginConfig){ .type = type, .json = o };
        return o;
}

void cni_network_done(CniNetwork *n) {
        for (size_t i = 0; i < n->n_plugins; i++)
                json_object_put(n->plugins[i].json);
        free(n->plugins);
        free(n->name);
        free(n->path);
        *n = (CniNetwork){};
}
