/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Leave for the container to pass a host that forwards only what it knows. */

#include <errno.h>

#include "alloc.h"
#include "firewalld.h"
#include "forward.h"
#include "nat-config.h"
#include "own.h"

typedef struct Config {
        bool firewalld, tables; /* both: firewalld if it runs, else tables */
        const char *zone;
} Config;

/* What the reference plugin can be told, and this one does by itself or not at all. */
static int read_config(CniCall *c, Config *ret) {
        const char *backend = NULL, *ingress = NULL, *zone = NULL;
        const CniField fields[] = { { "backend", CNI_STRING, &backend },
                { "ingressPolicy", CNI_STRING, &ingress }, { "firewalldZone", CNI_STRING, &zone } };
        int r = cni_call_read(c, fields, ELEMENTSOF(fields));
        if (r < 0)
                return r;
        bool tables = isempty(backend) || streq(backend, "iptables") || streq(backend, "nftables");
        bool firewalld = isempty(backend) || streq(backend, "firewalld");
        if (!tables && !firewalld)
                return cni_fail(c, CNI_UNSUPPORTED_FIELD,
                                "backend: expected nftables, iptables or firewalld, found \"%s\"", backend);
        if (!isempty(ingress) && !streq(ingress, "open"))
                return cni_fail(c, CNI_UNSUPPORTED_FIELD, "ingressPolicy: expected open, found \"%s\"",
                                ingress);
        if (!isempty(zone) && !firewalld_zone_is_valid(zone))
                return cni_fail(c, CNI_INVALID_NETWORK_CONFIG,
                                "firewalldZone: expected letters, digits, \"_\" and \"-\", found \"%s\"",
                                zone);
        *ret = (Config){ firewalld, tables, isempty(zone) ? "trusted" : zone };
        return 0;
}

static IpPrefix *addresses_of(const CniResult *result) {
        IpPrefix *addresses = xnew(IpPrefix, result->n_ips + 1);
        for (size_t i = 0; i < result->n_ips; i++)
                addresses[i] = result->ips[i].address;
        return addresses;
}

/* The bus is asked only where the answer matters. */
static bool asks_firewalld(const Config *c) {
        return c->firewalld && (!c->tables || forward_may_be_firewalld());
}

/* What is done with firewalld, and with the tables of a host where it does not run. */
typedef struct Act {
        int (*firewalld)(const char *zone, const IpPrefix *addresses, size_t n, char **ret_error);
        int (*tables)(const NatOwner *o, const IpPrefix *addresses, size_t n, char **ret_error);
} Act;

static int act(CniCall *c, const Config *config, const CniResult *result, const Act *what) {
        _cleanup_(nat_owner_done) NatOwner owner = nat_config_owner(c);
        _cleanup_free_ IpPrefix *addresses = addresses_of(result);
        _cleanup_free_ char *absence = NULL, *error = NULL;
        int r = -ESRCH;
        if (asks_firewalld(config))
                r = what->firewalld(config->zone, addresses, result->n_ips, &absence);
        if (r == -ESRCH && config->tables)
                r = what->tables(&owner, addresses, result->n_ips, &error);
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "%s", error ?: absence) : 0;
}

static int add(CniCall *c, CniResult *result) {
        Config config;
        int r = read_config(c, &config);
        if (r >= 0)
                r = cni_call_take_previous(c, result);
        return r < 0 ? r : act(c, &config, result, &(Act){ firewalld_allow, forward_allow });
}

/* The tables forget whatever the backend, which may be another than at ADD; and what ADD has refused to read
 * has left nothing in firewalld. */
static int del(CniCall *c) {
        Config config;
        _cleanup_(nat_owner_done) NatOwner owner = nat_config_owner(c);
        _cleanup_free_ IpPrefix *addresses = addresses_of(&c->previous);
        _cleanup_free_ char *error = NULL, *firewalld_error = NULL;
        int r = forward_forget(&owner, &error);
        if (r < 0)
                return cni_fail(c, CNI_INTERNAL, "%s", error);
        if (read_config(c, &config) < 0 || !asks_firewalld(&config))
                return 0;
        r = firewalld_forget(config.zone, addresses, c->previous.n_ips, &firewalld_error);
        return r < 0 && r != -ESRCH ? cni_fail(c, CNI_INTERNAL, "%s", firewalld_error) : 0;
}

static int check(CniCall *c) {
        Config config;
        _cleanup_cni_result_ CniResult result = {};
        int r = read_config(c, &config);
        if (r >= 0)
                r = cni_call_take_previous(c, &result);
        return r < 0 ? r : act(c, &config, &result, &(Act){ firewalld_check, forward_check });
}

static int gc(CniCall *c) {
        _cleanup_free_ char *error = NULL;
        int r = forward_collect(nat_config_is_valid, c, &error);
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "%s", error) : 0;
}

static const CniPlugin plugin = { .name = "firewall", .add = add, .del = del, .check = check, .gc = gc };

int cni_firewall(void) {
        return cni_plugin_main(&plugin);
}
