/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network-record.h"

#include <errno.h>

#include "alloc.h"
#include "file.h"
#include "strv.h"

#define RECORD_MAX (4 * 1024 * 1024)

static int read_record(JsonContext *c, NetworkRecord *ret) {
        const char *ifname = NULL, *args = NULL, *path = NULL, *hostname = NULL;
        json_object *network = NULL, *capabilities = NULL, *result = NULL;
        int r;
        if ((r = json_expect(c, c->root, json_type_object)) < 0 ||
                        (r = json_get_string(c, c->root, "ifName", JSON_REQUIRED, &ifname)) < 0 ||
                        (r = json_get_string(c, c->root, "args", JSON_OPTIONAL, &args)) < 0 ||
                        (r = json_get_string(c, c->root, "hostname", JSON_OPTIONAL, &hostname)) < 0 ||
                        (r = json_get_string(c, c->root, "netConf", JSON_OPTIONAL, &path)) < 0 ||
                        (r = json_get_object(c, c->root, "capabilityArgs", JSON_OPTIONAL, &capabilities)) <
                                        0 ||
                        (r = json_get_object(c, c->root, "result", JSON_OPTIONAL, &result)) < 0 ||
                        (r = json_get_object(c, c->root, "network", JSON_REQUIRED, &network)) < 0 ||
                        (r = json_get_strv(c, c->root, "pluginPath", JSON_OPTIONAL, &ret->path)) < 0)
                return r;
        size_t mark = json_enter(c, "network");
        r = cni_network_from_json(c, network, &ret->network);
        json_leave(c, mark);
        if (r < 0)
                return r;
        if (path) {
                free(ret->network.path);
                ret->network.path = xstrdup(path);
        }
        ret->ifname = xstrdup(ifname);
        ret->args = xstrdup(args);
        ret->hostname = xstrdup(hostname);
        ret->capabilities = json_object_get(capabilities);
        ret->result = json_object_get(result);
        return 0;
}

int network_record_parse(
                const char *path, const char *text, size_t size, NetworkRecord *ret, char **ret_error) {
        _cleanup_json_context_ JsonContext c;
        NetworkRecord record = {};
        int r = json_context_parse(&c, path, text, size);
        if (r >= 0)
                r = read_record(&c, &record);
        if (r < 0) {
                *ret_error = TAKE_PTR(c.error);
                network_record_done(&record);
        } else
                *ret = record;
        return r;
}

char *network_record_print(const NetworkRecord *r) {
        _cleanup_json_ json_object *o = json_object_new_object();
        json_object_object_add(o, "ifName", json_object_new_string(r->ifname));
        if (r->args)
                json_object_object_add(o, "args", json_object_new_string(r->args));
        if (r->hostname)
                json_object_object_add(o, "hostname", json_object_new_string(r->hostname));
        if (r->network.path)
                json_object_object_add(o, "netConf", json_object_new_string(r->network.path));
        if (r->path) {
                json_object *path = json_object_new_array();
                STRV_FOREACH (directory, r->path)
                        json_object_array_add(path, json_object_new_string(*directory));
                json_object_object_add(o, "pluginPath", path);
        }
        if (r->capabilities)
                json_object_object_add(o, "capabilityArgs", json_object_get(r->capabilities));
        json_object_object_add(o, "network", cni_network_to_json(&r->network));
        if (r->result)
                json_object_object_add(o, "result", json_object_get(r->result));
        return json_to_text(o, true);
}

char *network_record_file(const NetworkRecord *r, size_t index) {
        return xasprintf("%02zu-%s.json", index, r->network.name);
}

int network_record_list(int net, char ***ret) {
        _cleanup_strv_ char **names = NULL;
        int r = list_directory_at(net, ".", &names);
        if (r < 0)
                return r;
        char **l = strv_copy(NULL);
        STRV_FOREACH (name, names)
                if (**name != '.' && endswith(*name, ".json"))
                        strv_add(&l, *name);
        *ret = l;
        return 0;
}

int network_record_read_at(int net, const char *file, NetworkRecord *ret, char **ret_error) {
        _cleanup_free_ char *text = NULL, *path = xasprintf("net/%s", file);
        size_t size;
        int r = read_file_at(net, file, RECORD_MAX, &text, &size);
        if (r < 0) {
                *ret_error = xasprintf("%s: %s", path, strerror(-r));
                return r;
        }
        return network_record_parse(path, text, size, ret, ret_error);
}

int network_record_write_at(int net, const char *file, const NetworkRecord *r) {
        _cleanup_free_ char *text = network_record_print(r);
        return replace_file_at(net, file, text, strlen(text), 0600, false);
}

void network_record_done(NetworkRecord *r) {
        cni_network_done(&r->network);
        free(r->ifname);
        free(r->args);
        free(r->hostname);
        strv_free(r->path);
        json_object_put(r->capabilities);
        json_object_put(r->result);
        *r = (NetworkRecord){};
}
