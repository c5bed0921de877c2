/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A net file is a network of CNI: one plugin, and where its addresses come from. */

#include <errno.h>

#include "alloc.h"
#include "ip-address.h"
#include "json.h"
#include "option.h"
#include "strv.h"
#include "translation.h"

#define INTERFACE_NAME_MAX 15

static const UnitSetting *find(const Podfile *p, const char *key) {
        return unit_file_find(&p->settings, "Network", key);
}

char *podfile_network_name(const Podfile *p) {
        const UnitSetting *name = find(p, "NetworkName");
        return xstrdup(name ? name->value : p->name);
}

static void put(json_object *o, const char *key, const char *value) {
        json_object_object_add(o, key, json_object_new_string(value));
}

static bool is_driver(const char *s) {
        static const char *const drivers[] = { "bridge", "ptp", "macvlan", "ipvlan" };
        for (size_t i = 0; i < ELEMENTSOF(drivers); i++)
                if (streq(s, drivers[i]))
                        return true;
        return false;
}

/* FIRST-LAST, or a prefix that is part of the subnet. */
static void set_range(Podfile *p, const UnitSetting *s, json_object *range) {
        char first_text[IP_TEXT_MAX], last_text[IP_TEXT_MAX];
        const char *dash = strchr(s->value, '-');
        IpAddress first, last;
        IpPrefix prefix;
        if (!dash && ip_prefix_parse(s->value, &prefix) >= 0) {
                first = ip_prefix_first(&prefix);
                last = ip_prefix_last(&prefix);
        } else {
                _cleanup_free_ char *text = dash ? xstrndup(s->value, (size_t) (dash - s->value)) : NULL;
                if (!text || ip_parse(text, &first) < 0 || ip_parse(dash + 1, &last) < 0) {
                        podfile_problem(p, s, "IPRange=%s: expected FIRST-LAST or ADDRESS/LENGTH", s->value);
                        return;
                }
        }
        put(range, "rangeStart", ip_format(&first, first_text));
        put(range, "rangeEnd", ip_format(&last, last_text));
}

/* The first Gateway= and IPRange= are those of the first Subnet=, and so on. */
static void add_subnets(Podfile *p, json_object *ipam, bool routed) {
        _cleanup_values_ Values subnets, gateways, ranges;
        json_object *all = json_object_new_array(), *routes = json_object_new_array();
        values_find(&p->settings, "Network", "Subnet", &subnets);
        values_find(&p->settings, "Network", "Gateway", &gateways);
        values_find(&p->settings, "Network", "IPRange", &ranges);
        for (size_t i = 0; i < subnets.n; i++) {
                const UnitSetting *s = subnets.items[i];
                json_object *range = json_object_new_object(), *set = json_object_new_array();
                json_object *route = json_object_new_object();
                IpPrefix prefix = {};
                IpAddress gateway;
                if (ip_prefix_parse(s->value, &prefix) < 0)
                        podfile_problem(p, s, "Subnet=%s: expected ADDRESS/LENGTH", s->value);
                put(range, "subnet", s->value);
                if (i < gateways.n && ip_parse(gateways.items[i]->value, &gateway) < 0)
                        podfile_problem(p, gateways.items[i], "Gateway=%s: expected an address",
                                        gateways.items[i]->value);
                if (i < gateways.n)
                        put(range, "gateway", gateways.items[i]->value);
                if (i < ranges.n)
                        set_range(p, ranges.items[i], range);
                json_object_array_add(set, range);
                json_object_array_add(all, set);
                put(route, "dst", prefix.address.family == AF_INET6 ? "::/0" : "0.0.0.0/0");
                json_object_array_add(routes, route);
        }
        if (subnets.n == 0)
                podfile_problem(p, NULL, "no Subnet= in [Network]");
        const Values *const rest[] = { &gateways, &ranges };
        for (size_t i = 0; i < ELEMENTSOF(rest); i++)
                if (rest[i]->n > subnets.n)
                        podfile_problem(p, rest[i]->items[subnets.n], "%s= without a Subnet= of its own",
                                        rest[i]->items[subnets.n]->key);
        json_object_object_add(ipam, "ranges", all);
        if (routed)
                json_object_object_add(ipam, "routes", routes);
        else
                json_object_put(routes);
}

static json_object *make_ipam(Podfile *p, bool internal) {
        const UnitSetting *driver = find(p, "IPAMDriver");
        json_object *ipam = json_object_new_object();
        if (!driver || streq(driver->value, "host-local")) {
                put(ipam, "type", "host-local");
                add_subnets(p, ipam, !internal);
        } else if (streq(driver->value, "dhcp"))
                put(ipam, "type", "dhcp");
        else if (!streq(driver->value, "none"))
                podfile_problem(p, driver, "IPAMDriver=%s: expected host-local, dhcp or none",
                                driver->value);
        return ipam;
}

/* NAME=VALUE, by the names that podman has for them. */
static void add_option(Podfile *p, const UnitSetting *s, const char *option, json_object *plugin) {
        const char *value = strchr(option, '=');
        uint64_t number;
        size_t n = value ? (size_t) (value - option) : 0;
        _cleanup_free_ char *name = xstrndup(option, n);
        if (n > 0 && (streq(name, "mtu") || streq(name, "vlan"))) {
                if (parse_uint(value + 1, streq(name, "vlan") ? 4094 : 65535, &number) < 0)
                        podfile_problem(p, s, "Options=%s: expected a number", option);
                else
                        json_object_object_add(plugin, name, json_object_new_int64((int64_t) number));
        } else if (n > 0 && streq(name, "parent"))
                put(plugin, "master", value + 1);
        else if (n > 0 && streq(name, "mode"))
                put(plugin, "mode", value + 1);
        else
                podfile_problem(p, s, "Options=%s: expected mtu=, vlan=, parent= or mode=", option);
}

static void add_options(Podfile *p, json_object *plugin) {
        _cleanup_values_ Values v;
        values_find(&p->settings, "Network", "Options", &v);
        for (size_t i = 0; i < v.n; i++) {
                _cleanup_strv_ char **options = strv_split(v.items[i]->value, ',');
                STRV_FOREACH (o, options)
                        add_option(p, v.items[i], *o, plugin);
        }
}

static void add_name_servers(Podfile *p, json_object *plugin) {
        _cleanup_values_ Values v;
        json_object *dns = NULL, *servers = NULL;
        values_find(&p->settings, "Network", "DNS", &v);
        for (size_t i = 0; i < v.n; i++) {
                IpAddress address;
                if (ip_parse(v.items[i]->value, &address) < 0)
                        podfile_problem(p, v.items[i], "DNS=%s: expected an address", v.items[i]->value);
                if (!servers)
                        servers = json_object_new_array();
                json_object_array_add(servers, json_object_new_string(v.items[i]->value));
        }
        if (!servers)
                return;
        dns = json_object_new_object();
        json_object_object_add(dns, "nameservers", servers);
        json_object_object_add(plugin, "dns", dns);
}

static void add_bridge(Podfile *p, bool internal, json_object *plugin) {
        const UnitSetting *interface = find(p, "InterfaceName");
        _cleanup_free_ char *name = podfile_network_name(p),
                            *bridge = interface ? xstrdup(interface->value) : xasprintf("rkt-%s", name);
        if (strlen(bridge) > INTERFACE_NAME_MAX || strchr(bridge, '/'))
                podfile_problem(p, interface,
                                "\"%s\" cannot be the name of an interface, of 15 characters at most: give "
                                "InterfaceName=",
                                bridge);
        put(plugin, "bridge", bridge);
        json_object_object_add(plugin, "isGateway", json_object_new_boolean(true));
        json_object_object_add(plugin, "ipMasq", json_object_new_boolean(!internal));
        json_object_object_add(plugin, "hairpinMode", json_object_new_boolean(true));
}

static void check_setting_names(Podfile *p) {
        static const Key keys[] = {
                { .name = "NetworkName" },
                { .name = "Driver" },
                { .name = "InterfaceName" },
                { .name = "Internal" },
                { .name = "IPAMDriver" },
                { .name = "Subnet" },
                { .name = "Gateway" },
                { .name = "IPRange" },
                { .name = "Options" },
                { .name = "DNS" },
                {},
        };
        check_keys(p, "Network", keys, NULL);
}

json_object *podfile_network(Podfile *p) {
        const UnitSetting *driver = find(p, "Driver"), *internal_setting = find(p, "Internal");
        const char *type = driver ? driver->value : "bridge";
        bool internal = internal_setting && setting_bool(p, internal_setting) > 0;
        size_t problems = p->n_problems;
        _cleanup_free_ char *name = podfile_network_name(p);
        json_object *network = json_object_new_object(), *plugins = json_object_new_array(),
                    *plugin = json_object_new_object();
        check_setting_names(p);
        put(network, "cniVersion", "1.0.0");
        put(network, "name", name);
        put(plugin, "type", type);
        if (!is_driver(type))
                podfile_problem(p, driver, "Driver=%s: expected bridge, ptp, macvlan or ipvlan", type);
        if (streq(type, "bridge"))
                add_bridge(p, internal, plugin);
        if (streq(type, "ptp"))
                json_object_object_add(plugin, "ipMasq", json_object_new_boolean(!internal));
        add_options(p, plugin);
        add_name_servers(p, plugin);
        json_object_object_add(plugin, "ipam", make_ipam(p, internal));
        json_object_array_add(plugins, plugin);
        json_object_object_add(network, "plugins", plugins);
        if (p->n_problems == problems)
                return network;
        json_object_put(network);
        return NULL;
}
