/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "masquerade.h"

#include "alloc.h"
#include "nat-config.h"

typedef int (*Act)(NatBackend b, const NatOwner *o, const IpPrefix *addresses, size_t n, char **ret_error);

static int act(CniCall *c, const CniResult *result, Act what) {
        NatBackend backend;
        _cleanup_(nat_owner_done) NatOwner owner = nat_config_owner(c);
        _cleanup_free_ IpPrefix *addresses = xnew(IpPrefix, result->n_ips);
        _cleanup_free_ char *error = NULL;
        for (size_t i = 0; i < result->n_ips; i++)
                addresses[i] = result->ips[i].address;
        int r = nat_config_backend(c, "ipMasqBackend", &backend);
        if (r < 0)
                return r;
        r = what(backend, &owner, addresses, result->n_ips, &error);
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "ipMasq: %s", error) : 0;
}

int masquerade_add(CniCall *c, const CniResult *result) {
        return act(c, result, nat_masquerade_add);
}

int masquerade_check(CniCall *c) {
        return act(c, &c->previous, nat_masquerade_check);
}

int masquerade_del(CniCall *c) {
        _cleanup_(nat_owner_done) NatOwner owner = nat_config_owner(c);
        _cleanup_free_ char *error = NULL;
        int r = nat_masquerade_remove(&owner, &error);
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "ipMasq: %s", error) : 0;
}

int masquerade_gc(CniCall *c) {
        return nat_config_gc(c);
}
