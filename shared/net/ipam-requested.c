/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipam-requested.h"

#include "alloc.h"
#include "strv.h"

void requested_addresses_done(RequestedAddresses *l) {
        free(l->addresses);
        *l = (RequestedAddresses){};
}

/* With or without a prefix length. An address that is named in two places counts once. */
static int add_text(CniCall *c, RequestedAddresses *l, const char *text) {
        RequestedAddress a = { .length = -1 };
        IpPrefix p;
        if (ip_prefix_parse(text, &p) >= 0)
                a = (RequestedAddress){ .address = p.address, .length = p.length };
        else if (ip_parse(text, &a.address) < 0)
                return cni_fail(c, CNI_INTERNAL, "cannot understand ip: \"%s\" is not an IP address", text);
        for (size_t i = 0; i < l->n; i++)
                if (ip_equal(&l->addresses[i].address, &a.address))
                        return 0;
        xgrow(&l->addresses, l->n);
        l->addresses[l->n++] = a;
        return 0;
}

static int add_list(CniCall *c, RequestedAddresses *l, json_object *list) {
        int r = 0;
        if (!json_object_is_type(list, json_type_array))
                return cni_fail(c, CNI_INTERNAL, "failed to load netconf: ips: expected an array, found %s",
                                json_kind(list));
        for (size_t i = 0; r >= 0 && i < json_object_array_length(list); i++) {
                json_object *a = json_object_array_get_idx(list, i);
                r = json_object_is_type(a, json_type_string)
                                    ? add_text(c, l, json_object_get_string(a))
                                    : cni_fail(c, CNI_INTERNAL,
                                                      "failed to load netconf: ips[%zu]: expected a string",
                                                      i);
        }
        return r;
}

static json_object *member(json_object *o, const char *key) {
        json_object *value = NULL;
        if (json_object_is_type(o, json_type_object))
                json_object_object_get_ex(o, key, &value);
        return value;
}

int requested_addresses_read(CniCall *c, RequestedAddresses *l) {
        const char *arg = cni_call_arg(c, "IP");
        int r = 0;
        if (!isempty(arg)) {
                _cleanup_strv_ char **items = strv_split(arg, ',');
                STRV_FOREACH (i, items)
                        if (r >= 0)
                                r = add_text(c, l, *i + strspn(*i, " "));
        }
        json_object *lists[] = { member(member(member(c->conf.root, "args"), "cni"), "ips"),
                member(member(c->conf.root, "runtimeConfig"), "ips") };
        for (size_t i = 0; i < ELEMENTSOF(lists) && r >= 0; i++)
                if (lists[i])
                        r = add_list(c, l, lists[i]);
        return r;
}

bool requested_addresses_take(RequestedAddresses *l, const IpRangeSet *set, IpAddress *ret) {
        for (size_t i = 0; i < l->n; i++)
                if (ip_range_set_find(set, &l->addresses[i].address)) {
                        *ret = l->addresses[i].address;
                        l->addresses[i] = l->addresses[--l->n];
                        return true;
                }
        return false;
}

int requested_addresses_check_all_taken(CniCall *c, const RequestedAddresses *l) {
        _cleanup_strv_ char **left = NULL;
        char text[IP_TEXT_MAX];
        for (size_t i = 0; i < l->n; i++)
                strv_add(&left, ip_format(&l->addresses[i].address, text));
        if (!left)
                return 0;
        _cleanup_free_ char *names = strv_join(left, " ");
        return cni_fail(c, CNI_INTERNAL, "failed to allocate all requested IPs: %s", names);
}
