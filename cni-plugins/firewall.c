/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Leave for the container to pass a host that forwards only what it knows. */

#include <errno.h>

#include "alloc.h"
#include "forward.h"
#include "nat-config.h"

/* What the reference plugin can be told, and this one does by itself or not at all. */
static int read_config(CniCall *c) {
        const char *backend = NULL, *ingress = NULL;
        const CniField fields[] = { { "backend", CNI_STRING, &backend },
                { "ingressPolicy", CNI_STRING, &ingress } };
        int r = cni_call_read(c, fields, ELEMENTSOF(fields));
        if (r < 0)
                return r;
        if (!isempty(backend) && !streq(backend, "iptables") && !streq(backend, "nftables"))
                return cni_fail(c, CNI_UNSUPPORTED_FIELD,
                                "backend: expected nftables or iptables, found \"%s\"", backend);
        if (!isempty(ingress) && !streq(ingress, "open"))
                return cni_fail(c, CNI_UNSUPPORTED_FIELD, "ingressPolicy: expected open, found \"%s\"",
                                ingress);
        return 0;
}

typedef int (*Act)(const NatOwner *o, const IpPrefix *addresses, size_t n, char **ret_error);

static int act(CniCall *c, const CniResult *result, Act what) {
        _cleanup_(nat_owner_done) NatOwner owner = nat_config_owner(c);
        _cleanup_free_ IpPrefix *addresses = xnew(IpPrefix, result->n_ips + 1);
        _cleanup_free_ char *error = NULL;
        for (size_t i = 0; i < result->n_ips; i++)
                addresses[i] = result->ips[i].address;
        int r = what(&owner, addresses, result->n_ips, &error);
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "%s", error) : 0;
}

static int add(CniCall *c, CniResult *result) {
        int r = read_config(c);
        if (r >= 0)
                r = cni_call_take_previous(c, result);
        return r < 0 ? r : act(c, result, forward_allow);
}

static int del(CniCall *c) {
        _cleanup_(nat_owner_done) NatOwner owner = nat_config_owner(c);
        _cleanup_free_ char *error = NULL;
        int r = forward_forget(&owner, &error);
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "%s", error) : 0;
}

static int check(CniCall *c) {
        _cleanup_cni_result_ CniResult result = {};
        int r = cni_call_take_previous(c, &result);
        return r < 0 ? r : act(c, &result, forward_check);
}

static int gc(CniCall *c) {
        _cleanup_free_ char *error = NULL;
        int r = forward_collect(nat_config_is_valid, c, &error);
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "%s", error) : 0;
}

static const CniPlugin plugin = { .name = "firewall", .add = add, .del = del, .check = check, .gc = gc };

int main(void) {
        return cni_plugin_main(&plugin);
}
