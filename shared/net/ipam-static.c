/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "ipam-requested.h"
#include "ipam.h"
#include "strv.h"

static int read_addresses(JsonContext *j, json_object *ipam, CniResult *result) {
        json_object *list = NULL;
        int r = json_get_array(j, ipam, "addresses", JSON_OPTIONAL, &list);
        size_t mark = json_enter(j, "addresses");
        for (size_t i = 0; list && r >= 0 && i < json_object_array_length(list); i++) {
                json_object *o = json_object_array_get_idx(list, i);
                size_t inner = json_enter_index(j, i);
                CniAddress *a = cni_result_add_address(result);
                r = json_expect(j, o, json_type_object);
                if (r >= 0)
                        r = cni_get_prefix(j, o, "address", JSON_REQUIRED, &a->address);
                if (r >= 0)
                        r = cni_get_address(j, o, "gateway", JSON_OPTIONAL, &a->gateway);
                json_leave(j, inner);
        }
        json_leave(j, mark);
        return r;
}

static int read_ipam(JsonContext *j, json_object *ipam, CniResult *result) {
        json_object *dns = NULL;
        int r = read_addresses(j, ipam, result);
        if (r >= 0)
                r = cni_routes_from_json(j, ipam, "routes", result);
        if (r >= 0)
                r = json_get_object(j, ipam, "dns", JSON_OPTIONAL, &dns);
        if (r >= 0 && dns) {
                size_t mark = json_enter(j, "dns");
                r = cni_dns_from_json(j, dns, &result->dns);
                json_leave(j, mark);
        }
        return r;
}

/* Those that the caller wants; unlike host-local's they need a prefix length. */
static int add_requested(CniCall *c, CniResult *result) {
        _cleanup_(requested_addresses_done) RequestedAddresses l = {};
        char text[IP_TEXT_MAX];
        int r = requested_addresses_read(c, &l);
        /* by capability or argument they stand for those of the configuration */
        if (r >= 0 && l.n > 0 && cni_call_runtime(c, "ips"))
                result->n_ips = 0;
        for (size_t i = 0; r >= 0 && i < l.n; i++) {
                if (l.addresses[i].length < 0)
                        return cni_fail(c, CNI_INTERNAL, "invalid CIDR %s: it has no prefix length",
                                        ip_format(&l.addresses[i].address, text));
                CniAddress *a = cni_result_add_address(result);
                a->address = (IpPrefix){ .address = l.addresses[i].address,
                        .length = l.addresses[i].length };
        }
        return r;
}

static int add_requested_gateways(CniCall *c, CniResult *result) {
        const char *arg = cni_call_arg(c, "GATEWAY");
        if (isempty(arg))
                return 0;
        _cleanup_strv_ char **items = strv_split(arg, ',');
        STRV_FOREACH (i, items) {
                IpAddress gateway;
                if (ip_parse(*i + strspn(*i, " "), &gateway) < 0)
                        return cni_fail(c, CNI_INTERNAL, "invalid gateway address: %s", *i);
                for (size_t k = 0; k < result->n_ips; k++)
                        if (!result->ips[k].gateway.family &&
                                        ip_prefix_contains(&result->ips[k].address, &gateway))
                                result->ips[k].gateway = gateway;
        }
        return 0;
}

static int check_families(CniCall *c, const CniResult *result) {
        size_t n4 = 0, n6 = 0;
        for (size_t i = 0; i < result->n_ips; i++)
                if (result->ips[i].address.address.family == AF_INET)
                        n4++;
                else
                        n6++;
        if ((n4 > 1 || n6 > 1) && c->version < CNI_0_3_0)
                return cni_fail(c, CNI_INTERNAL,
                                "CNI version %s does not support more than 1 address per family",
                                cni_version_name(c->version));
        return 0;
}

static int add(CniCall *c, CniResult *result) {
        json_object *ipam = NULL;
        int r = json_get_object(&c->conf, c->conf.root, "ipam", JSON_OPTIONAL, &ipam);
        if (r >= 0 && !ipam)
                return cni_fail(c, CNI_INTERNAL, "IPAM config missing 'ipam' key");
        if (r >= 0) {
                size_t mark = json_enter(&c->conf, "ipam");
                r = read_ipam(&c->conf, ipam, result);
                json_leave(&c->conf, mark);
        }
        if (r < 0)
                return cni_fail_config(c);
        r = add_requested(c, result);
        if (r >= 0)
                r = add_requested_gateways(c, result);
        return r < 0 ? r : check_families(c, result);
}

static int del(CniCall *c) {
        return 0; /* nothing was taken */
}

/* Whether the result of ADD still has each address that is configured. */
static int check(CniCall *c) {
        _cleanup_cni_result_ CniResult configured = {};
        char text[IP_PREFIX_TEXT_MAX];
        int r = add(c, &configured);
        if (r < 0)
                return r;
        if (!c->has_previous)
                return cni_fail(c, CNI_INTERNAL, "static: Required prevResult missing");
        for (size_t i = 0; i < configured.n_ips; i++) {
                const IpPrefix *p = &configured.ips[i].address;
                bool found = false;
                for (size_t k = 0; k < c->previous.n_ips && !found; k++)
                        found = ip_equal(&p->address, &c->previous.ips[k].address.address);
                if (!found)
                        return cni_fail(c, CNI_INTERNAL, "static: Failed to match addr %s on interface %s",
                                        ip_prefix_format(p, text), c->ifname);
        }
        return 0;
}

const CniPlugin ipam_static = { .name = "static", .add = add, .del = del, .check = check };
