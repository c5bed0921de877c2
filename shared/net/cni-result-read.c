/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cni-result.h"

#include <errno.h>

#include "alloc.h"

int cni_get_address(JsonContext *c, json_object *o, const char *key, JsonPresence p, IpAddress *ret) {
        const char *text = NULL;
        int r = json_get_string(c, o, key, p, &text);
        if (r < 0 || (p == JSON_OPTIONAL && isempty(text)))
                return r;
        if (ip_parse(text, ret) >= 0)
                return 0;
        size_t mark = json_enter(c, key);
        r = json_fail(c, "\"%s\" is not an IP address", text);
        json_leave(c, mark);
        return r;
}

int cni_get_prefix(JsonContext *c, json_object *o, const char *key, JsonPresence p, IpPrefix *ret) {
        const char *text = NULL;
        int r = json_get_string(c, o, key, p, &text);
        if (r < 0 || (p == JSON_OPTIONAL && isempty(text)))
                return r;
        if (ip_prefix_parse(text, ret) >= 0)
                return 0;
        size_t mark = json_enter(c, key);
        r = json_fail(c, "\"%s\" is not an address with a prefix length, such as 10.1.0.0/16", text);
        json_leave(c, mark);
        return r;
}

static int copy_string(JsonContext *c, json_object *o, const char *key, JsonPresence p, char **ret) {
        const char *text = NULL;
        int r = json_get_string(c, o, key, p, &text);
        if (r >= 0 && !isempty(text)) {
                free(*ret);
                *ret = xstrdup(text);
        }
        return r;
}

int cni_dns_from_json(JsonContext *c, json_object *o, CniDns *ret) {
        int r = json_expect(c, o, json_type_object);
        if (r >= 0)
                r = json_get_strv(c, o, "nameservers", JSON_OPTIONAL, &ret->nameservers);
        if (r >= 0)
                r = copy_string(c, o, "domain", JSON_OPTIONAL, &ret->domain);
        if (r >= 0)
                r = json_get_strv(c, o, "search", JSON_OPTIONAL, &ret->search);
        if (r >= 0)
                r = json_get_strv(c, o, "options", JSON_OPTIONAL, &ret->options);
        return r;
}

int cni_route_from_json(JsonContext *c, json_object *o, CniRoute *ret) {
        CniRoute route = { .mtu = -1, .advmss = -1, .priority = -1, .table = -1, .scope = -1 };
        struct {
                const char *key;
                int64_t max;
                int64_t *value;
        } numbers[] = {
                { "mtu", INT32_MAX, &route.mtu },
                { "advmss", INT32_MAX, &route.advmss },
                { "priority", UINT32_MAX, &route.priority },
                { "table", UINT32_MAX, &route.table },
                { "scope", 255, &route.scope },
        };
        int r = json_expect(c, o, json_type_object);
        if (r >= 0)
                r = cni_get_prefix(c, o, "dst", JSON_REQUIRED, &route.destination);
        if (r >= 0)
                r = cni_get_address(c, o, "gw", JSON_OPTIONAL, &route.gateway);
        for (size_t i = 0; i < ELEMENTSOF(numbers) && r >= 0; i++)
                r = json_get_int(c, o, numbers[i].key, JSON_OPTIONAL, 0, numbers[i].max, numbers[i].value);
        if (r >= 0)
                *ret = route;
        return r;
}

typedef int (*ReadElement)(JsonContext *c, json_object *o, CniResult *result);

static int read_list(JsonContext *c, json_object *o, const char *key, ReadElement read, CniResult *result) {
        json_object *list;
        int r = json_get_array(c, o, key, JSON_OPTIONAL, &list);
        if (r < 0 || !list)
                return r;
        size_t mark = json_enter(c, key);
        for (size_t i = 0; i < json_object_array_length(list) && r >= 0; i++) {
                size_t inner = json_enter_index(c, i);
                r = json_expect(c, json_object_array_get_idx(list, i), json_type_object);
                if (r >= 0)
                        r = read(c, json_object_array_get_idx(list, i), result);
                json_leave(c, inner);
        }
        json_leave(c, mark);
        return r;
}

static int read_interface(JsonContext *c, json_object *o, CniResult *result) {
        CniInterface *f = cni_result_add_interface(result);
        int64_t mtu = 0;
        int r = copy_string(c, o, "name", JSON_OPTIONAL, &f->name);
        if (r >= 0)
                r = copy_string(c, o, "mac", JSON_OPTIONAL, &f->mac);
        if (r >= 0)
                r = copy_string(c, o, "sandbox", JSON_OPTIONAL, &f->sandbox);
        if (r >= 0)
                r = json_get_int(c, o, "mtu", JSON_OPTIONAL, 0, INT32_MAX, &mtu);
        if (r >= 0)
                r = copy_string(c, o, "socketPath", JSON_OPTIONAL, &f->socket_path);
        if (r >= 0)
                r = copy_string(c, o, "pciID", JSON_OPTIONAL, &f->pci_id);
        f->mtu = mtu;
        if (!f->name)
                f->name = xstrdup("");
        return r;
}

static int read_address(JsonContext *c, json_object *o, CniResult *result) {
        CniAddress *a = cni_result_add_address(result);
        int64_t interface = -1;
        int r = cni_get_prefix(c, o, "address", JSON_REQUIRED, &a->address);
        if (r >= 0)
                r = cni_get_address(c, o, "gateway", JSON_OPTIONAL, &a->gateway);
        if (r >= 0)
                r = json_get_int(c, o, "interface", JSON_OPTIONAL, 0, INT32_MAX, &interface);
        a->interface = interface;
        return r;
}

static int read_route(JsonContext *c, json_object *o, CniResult *result) {
        return cni_route_from_json(c, o, cni_result_add_route(result));
}

int cni_routes_from_json(JsonContext *c, json_object *o, const char *key, CniResult *result) {
        return read_list(c, o, key, read_route, result);
}

/* "ip4" and "ip6" of 0.1.0 and 0.2.0 */
static int read_old_family(JsonContext *c, json_object *o, const char *key, CniResult *result) {
        json_object *family;
        int r = json_get_object(c, o, key, JSON_OPTIONAL, &family);
        if (r < 0 || !family)
                return r;
        CniAddress *a = cni_result_add_address(result);
        size_t mark = json_enter(c, key);
        r = cni_get_prefix(c, family, "ip", JSON_REQUIRED, &a->address);
        if (r >= 0)
                r = cni_get_address(c, family, "gateway", JSON_OPTIONAL, &a->gateway);
        if (r >= 0)
                r = read_list(c, family, "routes", read_route, result);
        json_leave(c, mark);
        return r;
}

static int read_version(JsonContext *c, json_object *o, CniVersion *ret) {
        const char *text = NULL;
        int r = json_get_string(c, o, "cniVersion", JSON_OPTIONAL, &text);
        if (r < 0 || isempty(text) || cni_version_parse(text, ret) >= 0)
                return r;
        size_t mark = json_enter(c, "cniVersion");
        r = json_fail(c, "version \"%s\" of CNI is not known", text);
        json_leave(c, mark);
        return r;
}

/* An address may name an interface only if there is such a one. */
static int check_interfaces(JsonContext *c, const CniResult *result) {
        for (size_t i = 0; i < result->n_ips; i++)
                if (result->ips[i].interface >= 0 &&
                                (size_t) result->ips[i].interface >= result->n_interfaces)
                        return json_fail(c, "ips[%zu] names interface %d of %zu", i,
                                        result->ips[i].interface, result->n_interfaces);
        return 0;
}

int cni_result_from_json(JsonContext *c, json_object *o, CniVersion version, CniResult *ret) {
        _cleanup_cni_result_ CniResult result = { .version = version };
        json_object *dns = NULL;
        int r = json_expect(c, o, json_type_object);
        if (r >= 0)
                r = read_version(c, o, &result.version);
        if (r >= 0 && result.version < CNI_0_3_0) {
                r = read_old_family(c, o, "ip4", &result);
                if (r >= 0)
                        r = read_old_family(c, o, "ip6", &result);
        } else if (r >= 0) {
                r = read_list(c, o, "interfaces", read_interface, &result);
                if (r >= 0)
                        r = read_list(c, o, "ips", read_address, &result);
                if (r >= 0)
                        r = check_interfaces(c, &result);
                if (r >= 0)
                        r = read_list(c, o, "routes", read_route, &result);
        }
        if (r >= 0)
                r = json_get_object(c, o, "dns", JSON_OPTIONAL, &dns);
        if (r >= 0 && dns) {
                size_t mark = json_enter(c, "dns");
                r = cni_dns_from_json(c, dns, &result.dns);
                json_leave(c, mark);
        }
        if (r < 0)
                return r;
        *ret = result;
        result = (CniResult){};
        return 0;
}

int cni_result_parse(const char *name, const char *text, size_t size, CniVersion version, CniResult *ret,
                char **ret_error) {
        _cleanup_json_context_ JsonContext c = {};
        int r = json_context_parse(&c, name, text, size);
        if (r >= 0)
                r = cni_result_from_json(&c, c.root, version, ret);
        if (r < 0 && ret_error)
                *ret_error = TAKE_PTR(c.error);
        return r;
}
