/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Behind a plugin that has given addresses: the container's name for its neighbours, and a dnsmasq that
 * tells it. */

#include <errno.h>

#include "alloc.h"
#include "cni-interface.h"
#include "name-server.h"
#include "route.h"
#include "strv.h"

#define NAME_MAX_BYTES 253
#define NAME_BYTES     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

typedef struct Naming {
        const char *domain;
        char **names;     /* of the container */
        char **addresses; /* of the host in the network, where dnsmasq answers */
        CniDns other;     /* name servers of the configuration: no dnsmasq is wanted */
} Naming;

static void naming_done(Naming *n) {
        strv_free(n->names);
        strv_free(n->addresses);
        cni_dns_done(&n->other);
}
#define _cleanup_naming_ _cleanup_(naming_done)

/* They become lines of hosts(5) and of a configuration. */
static bool name_is_valid(const char *name) {
        return *name && strlen(name) <= NAME_MAX_BYTES && strspn(name, NAME_BYTES) == strlen(name) &&
               *name != '.' && *name != '-';
}

static int add_name(CniCall *c, Naming *n, const char *name) {
        if (!name_is_valid(name))
                return cni_fail(c, CNI_INTERNAL, "\"%s\" cannot be a name of a host", name);
        if (!strv_contains(n->names, name))
                strv_add(&n->names, name);
        return 0;
}

/* The capability: names for each network. */
static int read_aliases(CniCall *c, Naming *n) {
        json_object *all = cni_call_runtime(c, "aliases"), *own = NULL;
        if (!json_object_is_type(all, json_type_object) || !json_object_object_get_ex(all, c->network, &own))
                return 0;
        if (!json_object_is_type(own, json_type_array))
                return cni_fail(c, CNI_INTERNAL, "aliases: expected an array of names");
        int r = 0;
        for (size_t i = 0; r >= 0 && i < json_object_array_length(own); i++) {
                json_object *o = json_object_array_get_idx(own, i);
                r = json_object_is_type(o, json_type_string)
                                    ? add_name(c, n, json_object_get_string(o))
                                    : cni_fail(c, CNI_INTERNAL, "aliases: expected an array of names");
        }
        return r;
}

static int read_naming(CniCall *c, Naming *n) {
        const CniField fields[] = { { "domainName", CNI_STRING, &n->domain } };
        const char *name = cni_call_arg(c, "K8S_POD_NAME");
        CniResult configured = {};
        int r = cni_call_read(c, fields, ELEMENTSOF(fields));
        if (r >= 0)
                r = cni_call_configured_dns(c, &configured);
        n->other = configured.dns;
        if (r >= 0 && !isempty(n->domain) && !name_is_valid(n->domain))
                r = cni_fail(c, CNI_INTERNAL, "\"%s\" cannot be a domain", n->domain);
        if (r >= 0)
                r = add_name(c, n, isempty(name) ? c->container_id : name);
        if (isempty(n->domain))
                n->domain = NULL;
        return r < 0 ? r : read_aliases(c, n);
}

static bool is_on_host(const CniResult *result, const CniAddress *a) {
        return a->interface >= 0 && (size_t) a->interface < result->n_interfaces &&
               isempty(result->interfaces[a->interface].sandbox);
}

static char *hosts_text(const Naming *n, const CniResult *result) {
        _cleanup_free_ char *names = strv_join(n->names, " ");
        char *text = xstrdup(""), address[IP_TEXT_MAX];
        for (size_t i = 0; i < result->n_ips; i++) {
                if (is_on_host(result, &result->ips[i]))
                        continue;
                _cleanup_free_ char *before = text;
                text = xasprintf("%s%s\t%s\n", before, ip_format(&result->ips[i].address.address, address),
                                names);
        }
        return text;
}

/* Whether the container reaches the address without a router. */
static bool is_near(const CniResult *result, const IpAddress *a) {
        for (size_t i = 0; i < result->n_ips; i++)
                if (ip_prefix_contains(&result->ips[i].address, a) || ip_equal(&result->ips[i].gateway, a))
                        return true;
        return false;
}

static int take_interface(Netlink *host, const char *name, const CniResult *result, char ***addresses) {
        _cleanup_free_ LinkAddress *l = NULL;
        char text[IP_TEXT_MAX];
        size_t n = 0;
        Link link;
        int r = link_get(host, name, &link);
        if (r >= 0)
                r = address_list(host, link.index, 0, &l, &n);
        for (size_t i = 0; r >= 0 && i < n; i++) {
                ip_format(&l[i].address.address, text);
                if (is_near(result, &l[i].address.address) && !strv_contains(*addresses, text))
                        strv_add(addresses, text);
        }
        return r == -ENODEV ? 0 : r;
}

/* The host's own in the network: on a bridge, or on its end of a pair of links. */
static int find_addresses(CniCall *c, const CniResult *result, Naming *n) {
        _cleanup_netlink_ Netlink *host = NULL;
        int r = netlink_open(-1, &host);
        for (size_t i = 0; r >= 0 && i < result->n_interfaces; i++)
                if (isempty(result->interfaces[i].sandbox))
                        r = take_interface(host, result->interfaces[i].name, result, &n->addresses);
        if (r < 0)
                return cni_fail_errno(c, r, "cannot list the addresses of the host");
        if (!n->addresses)
                return cni_fail(c, CNI_INTERNAL,
                                "the host has no address in the network %s, where names could be asked for: "
                                "it "
                                "needs a gateway, or dns.nameservers",
                                c->network);
        return 0;
}

static void add_dns(const Naming *n, CniResult *result) {
        char **servers = strv_copy(n->addresses);
        strv_extend(&servers, result->dns.nameservers);
        strv_free(result->dns.nameservers);
        result->dns.nameservers = servers;
        if (n->domain && !strv_contains(result->dns.search, n->domain))
                strv_add(&result->dns.search, n->domain);
}

static int serve(CniCall *c, const Naming *n, const NameDirectory *d) {
        NameServer s = {
                .directory = d, .network = c->network, .addresses = n->addresses, .domain = n->domain
        };
        int r = name_server_start(&s);
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "dnsmasq does not start for the network %s", c->network)
                     : 0;
}

static int open_directory(CniCall *c, NameDirectory *ret) {
        int r = name_directory_open(c->network, ret);
        return r < 0 ? cni_fail_errno(c, r, NAME_DIRECTORY "/%s", c->network) : 0;
}

static int publish(CniCall *c, const Naming *n, const CniResult *result) {
        _cleanup_name_directory_ NameDirectory d = { .lock = -1 };
        _cleanup_free_ char *text = hosts_text(n, result);
        int r = open_directory(c, &d);
        if (r < 0)
                return r;
        r = name_directory_write(&d, c->container_id, c->ifname, text);
        if (r < 0)
                return cni_fail_errno(c, r, "cannot write names into %s", d.hosts);
        if (n->addresses && (r = serve(c, n, &d)) < 0)
                name_directory_remove(&d, c->container_id, c->ifname);
        return r;
}

static int add(CniCall *c, CniResult *result) {
        _cleanup_naming_ Naming n = {};
        int r = cni_call_take_previous(c, result);
        if (r >= 0)
                r = read_naming(c, &n);
        if (r < 0)
                return r;
        if (n.other.nameservers && *n.other.nameservers) {
                cni_dns_copy(&result->dns, &n.other);
                if (n.domain && !strv_contains(result->dns.search, n.domain))
                        strv_add(&result->dns.search, n.domain);
                return publish(c, &n, result);
        }
        if (!name_server_is_installed())
                return cni_fail(c, CNI_PLUGIN_NOT_AVAILABLE,
                                "the dnsname plugin needs dnsmasq, which is not installed");
        r = find_addresses(c, result, &n);
        if (r >= 0)
                r = publish(c, &n, result);
        if (r >= 0)
                add_dns(&n, result);
        return r;
}

/* With the last name goes the dnsmasq. */
static int leave(CniCall *c, int (*what)(const NameDirectory *d, const CniCall *c)) {
        _cleanup_name_directory_ NameDirectory d = { .lock = -1 };
        int r = open_directory(c, &d);
        if (r < 0)
                return r;
        r = what(&d, c);
        if (r < 0)
                return cni_fail_errno(c, r, "cannot remove names from %s", d.hosts);
        if (!name_directory_is_empty(&d))
                return 0;
        r = name_server_stop(&d, c->network);
        return r < 0 ? cni_fail_errno(c, r, "cannot stop the dnsmasq of the network %s", c->network) : 0;
}

static int remove_one(const NameDirectory *d, const CniCall *c) {
        return name_directory_remove(d, c->container_id, c->ifname);
}

static int del(CniCall *c) {
        return leave(c, remove_one);
}

static int gc(CniCall *c) {
        return leave(c, name_directory_collect);
}

static int check(CniCall *c) {
        _cleanup_name_directory_ NameDirectory d = { .lock = -1 };
        _cleanup_naming_ Naming n = {};
        if (!c->has_previous)
                return cni_fail(c, CNI_INTERNAL, "dnsname: Required prevResult missing");
        int r = read_naming(c, &n);
        if (r >= 0)
                r = open_directory(c, &d);
        if (r < 0)
                return r;
        _cleanup_free_ char *text = hosts_text(&n, &c->previous);
        if (!name_directory_has(&d, c->container_id, c->ifname, text))
                return cni_fail(c, CNI_INTERNAL, "the names of the container are not in %s", d.hosts);
        bool own = !n.other.nameservers || !*n.other.nameservers;
        if (own && !name_server_runs(&d))
                return cni_fail(c, CNI_INTERNAL, "the dnsmasq of the network %s does not run", c->network);
        return 0;
}

static int status(CniCall *c) {
        _cleanup_(cni_result_done) CniResult configured = {};
        int r = cni_call_configured_dns(c, &configured);
        if (r < 0 || (configured.dns.nameservers && *configured.dns.nameservers) ||
                        name_server_is_installed())
                return r;
        return cni_fail(c, CNI_PLUGIN_NOT_AVAILABLE, "dnsmasq is not installed");
}

static const CniPlugin plugin = {
        .name = "dnsname",
        .add = add,
        .del = del,
        .check = check,
        .status = status,
        .gc = gc,
};

int main(void) {
        return cni_plugin_main(&plugin);
}
