/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Ports of the host that lead to the container: the last of a chain. */

#include <errno.h>

#include "alloc.h"
#include "conntrack.h"
#include "link.h"
#include "nat-config.h"
#include "netns.h"
#include "own.h"
#include "port-mappings.h"
#include "route.h"

typedef struct Mapping {
        NatPort *ports;
        size_t n_ports;
        IpPrefix targets[2]; /* the container's first address of each family */
        size_t n_targets;
        NatBackend backend;
        NatHairpin hairpin;
} Mapping;

static void mapping_done(Mapping *m) {
        free(m->ports);
}
#define _cleanup_mapping_ _cleanup_(mapping_done)

/* Keys of the reference plugin that mean something to iptables only. */
static int refuse_foreign_keys(CniCall *c) {
        static const char *const keys[] = { "externalSetMarkChain", "conditionsV4", "conditionsV6" };
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (json_object_object_get_ex(c->conf.root, keys[i], NULL))
                        return cni_fail(c, CNI_UNSUPPORTED_FIELD,
                                        "%s: this plugin makes no rules of iptables' words", keys[i]);
        return 0;
}

static bool has_target(const Mapping *m, int family) {
        for (size_t i = 0; i < m->n_targets; i++)
                if (m->targets[i].address.family == family)
                        return true;
        return false;
}

static void take_targets(const CniResult *result, Mapping *m) {
        for (size_t i = 0; i < result->n_ips; i++) {
                const CniAddress *a = &result->ips[i];
                bool on_host = a->interface >= 0 && (size_t) a->interface < result->n_interfaces &&
                               isempty(result->interfaces[a->interface].sandbox);
                if (!on_host && !has_target(m, a->address.address.family))
                        m->targets[m->n_targets++] = a->address;
        }
}

/* Frees with mapping_done whatever it returns. */
static int read_mapping(CniCall *c, const CniResult *result, Mapping *m) {
        bool snat = true, all = false;
        const CniField fields[] = { { "snat", CNI_BOOL, &snat }, { "masqAll", CNI_BOOL, &all } };
        int r = refuse_foreign_keys(c);
        if (r >= 0)
                r = cni_call_read(c, fields, ELEMENTSOF(fields));
        if (r >= 0)
                r = nat_config_backend(c, "backend", &m->backend);
        if (r >= 0)
                r = port_mappings_read(c, &m->ports, &m->n_ports);
        if (r < 0)
                return r;
        m->hairpin = !snat ? NAT_HAIRPIN_NONE : all ? NAT_HAIRPIN_ALL : NAT_HAIRPIN_NEIGHBOURS;
        take_targets(result, m);
        return 0;
}

static NatPorts nat_ports(const Mapping *m) {
        return (NatPorts){ .targets = m->targets,
                .n_targets = m->n_targets,
                .ports = m->ports,
                .n_ports = m->n_ports,
                .hairpin = m->hairpin };
}

/* What the host sends from 127.0.0.1 leaves through the interface of the container's network, which the
 * kernel allows only there where it is told to. */
static int allow_localhost(CniCall *c, const Mapping *m) {
        _cleanup_netlink_ Netlink *n = NULL;
        int r = netlink_open(-1, &n);
        if (r < 0)
                return cni_fail_errno(c, r, "cannot open rtnetlink");
        for (size_t i = 0; i < m->n_targets; i++) {
                char text[IP_TEXT_MAX];
                int index;
                Link l;
                if (m->targets[i].address.family != AF_INET)
                        continue;
                r = route_find(n, &m->targets[i].address, &index);
                if (r >= 0)
                        r = link_get_by_index(n, index, &l);
                if (r >= 0)
                        r = netns_write_sysctl(-1, "1", "net/ipv4/conf/%s/route_localnet", l.name);
                if (r < 0)
                        return cni_fail_errno(c, r, "cannot let 127.0.0.1 reach %s",
                                        ip_format(&m->targets[i].address, text));
        }
        return 0;
}

static int add(CniCall *c, CniResult *result) {
        _cleanup_mapping_ Mapping m = {};
        _cleanup_(nat_owner_done) NatOwner owner = {};
        _cleanup_free_ char *error = NULL;
        int r = cni_call_take_previous(c, result);
        if (r >= 0)
                r = read_mapping(c, result, &m);
        if (r < 0 || m.n_ports == 0)
                return r;
        owner = nat_config_owner(c);
        NatPorts ports = nat_ports(&m);
        r = nat_ports_add(m.backend, &owner, &ports, &error);
        if (r < 0)
                return cni_fail(c, CNI_INTERNAL, "unable to map ports: %s", error);
        if (m.hairpin != NAT_HAIRPIN_NONE)
                r = allow_localhost(c, &m);
        if (r < 0) {
                _cleanup_free_ char *ignored = NULL;
                nat_ports_remove(&owner, &ignored);
                return r;
        }
        conntrack_forget_udp(m.ports, m.n_ports);
        return 0;
}

static int del(CniCall *c) {
        _cleanup_(nat_owner_done) NatOwner owner = nat_config_owner(c);
        _cleanup_free_ char *error = NULL;
        int r = nat_ports_remove(&owner, &error);
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "unable to remove port mappings: %s", error) : 0;
}

static int check(CniCall *c) {
        _cleanup_mapping_ Mapping m = {};
        _cleanup_(nat_owner_done) NatOwner owner = {};
        _cleanup_cni_result_ CniResult result = {};
        _cleanup_free_ char *error = NULL;
        int r = cni_call_take_previous(c, &result);
        if (r >= 0)
                r = read_mapping(c, &result, &m);
        if (r < 0 || m.n_ports == 0)
                return r;
        owner = nat_config_owner(c);
        NatPorts ports = nat_ports(&m);
        r = nat_ports_check(m.backend, &owner, &ports, &error);
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "%s", error) : 0;
}

static const CniPlugin plugin = {
        .name = "portmap", .add = add, .del = del, .check = check, .gc = nat_config_gc
};

int cni_portmap(void) {
        return cni_plugin_main(&plugin);
}
