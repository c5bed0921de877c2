/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nat-config.h"

#include "alloc.h"

int nat_config_backend(CniCall *c, const char *key, NatBackend *ret) {
        const char *word = NULL;
        const CniField field = { key, CNI_STRING, &word };
        int r = cni_call_read(c, &field, 1);
        if (r < 0)
                return r;
        if (isempty(word))
                *ret = nat_backend_of_host();
        else if (nat_backend_parse(word, ret) < 0)
                return cni_fail(c, CNI_INVALID_NETWORK_CONFIG,
                                "%s: expected nftables or iptables, found \"%s\"", key, word);
        return 0;
}

NatOwner nat_config_owner(const CniCall *c) {
        return (NatOwner){ .network = c->network,
                .container = xasprintf("%s/%s", c->container_id, c->ifname) };
}

void nat_owner_done(NatOwner *o) {
        free((char *) o->container);
}

bool nat_config_is_valid(const NatOwner *o, void *data) {
        const CniCall *c = data;
        const char *slash = strrchr(o->container, '/');
        if (!o->network || !streq(o->network, c->network) || !slash)
                return true; /* not of this network */
        _cleanup_free_ char *id = xstrndup(o->container, (size_t) (slash - o->container));
        return cni_call_is_valid_attachment(c, id, slash + 1);
}

int nat_config_gc(CniCall *c) {
        _cleanup_free_ char *error = NULL;
        int r = nat_collect(nat_config_is_valid, c, &error);
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "%s", error) : 0;
}
