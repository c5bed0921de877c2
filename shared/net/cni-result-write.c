/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cni-result.h"

#include <errno.h>

#include "strv.h"

static void add_text(json_object *o, const char *key, const char *text) {
        if (!isempty(text))
                json_object_object_add(o, key, json_object_new_string(text));
}

static void add_address(json_object *o, const char *key, const IpAddress *a) {
        char text[IP_TEXT_MAX];
        add_text(o, key, ip_format(a, text));
}

static void add_prefix(json_object *o, const char *key, const IpPrefix *p) {
        char text[IP_PREFIX_TEXT_MAX];
        add_text(o, key, ip_prefix_format(p, text));
}

static void add_number(json_object *o, const char *key, int64_t value) {
        if (value >= 0)
                json_object_object_add(o, key, json_object_new_int64(value));
}

static void add_strv(json_object *o, const char *key, char *const *l) {
        if (!strv_length(l))
                return;
        json_object *list = json_object_new_array();
        STRV_FOREACH (s, l)
                json_object_array_add(list, json_object_new_string(*s));
        json_object_object_add(o, key, list);
}

/* An empty list is left out. */
static void add_list(json_object *o, const char *key, json_object *list) {
        if (json_object_array_length(list))
                json_object_object_add(o, key, list);
        else
                json_object_put(list);
}

static json_object *interfaces_to_json(const CniResult *r, CniVersion version) {
        json_object *list = json_object_new_array();
        for (size_t i = 0; i < r->n_interfaces; i++) {
                const CniInterface *f = &r->interfaces[i];
                json_object *o = json_object_new_object();
                json_object_object_add(o, "name", json_object_new_string(f->name));
                add_text(o, "mac", f->mac);
                if (version >= CNI_1_1_0) {
                        add_number(o, "mtu", f->mtu ? (int64_t) f->mtu : -1);
                        add_text(o, "socketPath", f->socket_path);
                        add_text(o, "pciID", f->pci_id);
                }
                add_text(o, "sandbox", f->sandbox);
                json_object_array_add(list, o);
        }
        return list;
}

static json_object *addresses_to_json(const CniResult *r, CniVersion version) {
        json_object *list = json_object_new_array();
        for (size_t i = 0; i < r->n_ips; i++) {
                const CniAddress *a = &r->ips[i];
                json_object *o = json_object_new_object();
                if (version < CNI_1_0_0)
                        add_text(o, "version", a->address.address.family == AF_INET ? "4" : "6");
                add_number(o, "interface", a->interface);
                add_prefix(o, "address", &a->address);
                add_address(o, "gateway", &a->gateway);
                json_object_array_add(list, o);
        }
        return list;
}

/* family 0: those of both */
static json_object *routes_to_json(const CniResult *r, CniVersion version, int family) {
        json_object *list = json_object_new_array();
        for (size_t i = 0; i < r->n_routes; i++) {
                const CniRoute *route = &r->routes[i];
                if (family && route->destination.address.family != family)
                        continue;
                json_object *o = json_object_new_object();
                add_prefix(o, "dst", &route->destination);
                add_address(o, "gw", &route->gateway);
                if (version >= CNI_1_1_0) {
                        add_number(o, "mtu", route->mtu);
                        add_number(o, "advmss", route->advmss);
                        add_number(o, "priority", route->priority);
                        add_number(o, "table", route->table);
                        add_number(o, "scope", route->scope);
                }
                json_object_array_add(list, o);
        }
        return list;
}

static bool add_old_family(
                json_object *o, const char *key, const CniResult *r, CniVersion version, int family) {
        for (size_t i = 0; i < r->n_ips; i++) {
                const CniAddress *a = &r->ips[i];
                if (a->address.address.family != family)
                        continue;
                json_object *inner = json_object_new_object();
                add_prefix(inner, "ip", &a->address);
                add_address(inner, "gateway", &a->gateway);
                add_list(inner, "routes", routes_to_json(r, version, family));
                json_object_object_add(o, key, inner);
                return true;
        }
        return false;
}

static json_object *dns_to_json(const CniDns *d) {
        json_object *o = json_object_new_object();
        add_strv(o, "nameservers", d->nameservers);
        add_text(o, "domain", d->domain);
        add_strv(o, "search", d->search);
        add_strv(o, "options", d->options);
        return o;
}

int cni_result_to_json(const CniResult *r, CniVersion version, json_object **ret) {
        _cleanup_json_ json_object *o = json_object_new_object();
        json_object_object_add(o, "cniVersion", json_object_new_string(cni_version_name(version)));
        if (version < CNI_0_3_0) {
                bool has4 = add_old_family(o, "ip4", r, version, AF_INET);
                bool has6 = add_old_family(o, "ip6", r, version, AF_INET6);
                if (!has4 && !has6)
                        return -ENODATA;
        } else {
                add_list(o, "interfaces", interfaces_to_json(r, version));
                add_list(o, "ips", addresses_to_json(r, version));
                add_list(o, "routes", routes_to_json(r, version, 0));
        }
        json_object_object_add(o, "dns", dns_to_json(&r->dns));
        *ret = TAKE_PTR(o);
        return 0;
}

int cni_result_print(const CniResult *r, CniVersion version, char **ret) {
        _cleanup_json_ json_object *o = NULL;
        int e = cni_result_to_json(r, version, &o);
        if (e < 0)
                return e;
        *ret = json_to_text(o, true);
        return 0;
}
