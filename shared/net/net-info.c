/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net-info.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>

#include "alloc.h"
#include "file.h"
#include "log.h"
#include "strv.h"

/* An address is the pod's unless it is said to be of an interface on the host. */
static bool is_pods(const CniResult *r, const CniAddress *a) {
        return a->interface < 0 || (size_t) a->interface >= r->n_interfaces ||
               r->interfaces[a->interface].sandbox;
}

static const CniAddress *first_address(const CniResult *r, int family) {
        for (size_t i = 0; i < r->n_ips; i++)
                if (r->ips[i].address.address.family == family && is_pods(r, &r->ips[i]))
                        return &r->ips[i];
        return NULL;
}

static int parse_result(const NetworkRecord *r, CniResult *ret) {
        _cleanup_json_context_ JsonContext c = {};
        if (!r->result)
                return -ENODATA;
        return cni_result_from_json(&c, r->result, r->network.version, ret);
}

static void add_string(json_object *o, const char *key, const char *value) {
        json_object_object_add(o, key, json_object_new_string(value));
}

static json_object *all_addresses(const CniResult *r) {
        json_object *array = json_object_new_array();
        char text[IP_PREFIX_TEXT_MAX];
        for (size_t i = 0; i < r->n_ips; i++)
                if (is_pods(r, &r->ips[i]))
                        json_object_array_add(array,
                                        json_object_new_string(ip_prefix_format(&r->ips[i].address, text)));
        return array;
}

static json_object *host_interfaces(const CniResult *r) {
        json_object *array = json_object_new_array();
        for (size_t i = 0; i < r->n_interfaces; i++)
                if (!r->interfaces[i].sandbox)
                        json_object_array_add(array, json_object_new_string(r->interfaces[i].name));
        return array;
}

static void add_mask(json_object *o, unsigned length) {
        char text[IP_TEXT_MAX];
        IpAddress mask = { .family = AF_INET };
        for (unsigned i = 0; i < length; i++)
                mask.bytes[i / 8] |= 0x80 >> (i % 8);
        add_string(o, "mask", ip_format(&mask, text));
}

typedef struct Collecting {
        const PodNetwork *pod;
        json_object *array;
} Collecting;

static int collect(const NetworkRecord *record, void *userdata) {
        Collecting *c = userdata;
        _cleanup_cni_result_ CniResult result = {};
        int r = parse_result(record, &result);
        if (r < 0)
                return r;
        _cleanup_free_ char *plugin = cni_find_plugin(c->pod->path, record->network.plugins[0].type);
        const CniAddress *v4 = first_address(&result, AF_INET), *v6 = first_address(&result, AF_INET6);
        char text[IP_TEXT_MAX];
        json_object *o = json_object_new_object();
        add_string(o, "netName", record->network.name);
        add_string(o, "netConf", record->network.path ?: "");
        add_string(o, "pluginPath", plugin ?: "");
        add_string(o, "ifName", record->ifname);
        add_string(o, "ip", v4 ? ip_format(&v4->address.address, text) : "");
        add_string(o, "args", record->args ?: "");
        if (v4)
                add_mask(o, v4->address.length);
        else
                add_string(o, "mask", "");
        if (v6)
                add_string(o, "ip6", ip_format(&v6->address.address, text));
        json_object_object_add(o, "addresses", all_addresses(&result));
        json_object_object_add(o, "hostInterfaces", host_interfaces(&result));
        json_object_array_add(c->array, o);
        return 0;
}

int net_info_write(const PodNetwork *p) {
        _cleanup_json_ json_object *array = json_object_new_array();
        int r = pod_network_foreach(p, collect, &(Collecting){ p, array });
        if (r < 0)
                return r;
        _cleanup_free_ char *text = json_to_text(array, false);
        r = replace_file_at(p->pod, "net-info.json", text, strlen(text), 0644, false);
        return r < 0 ? log_error_errno(r, "pod %s: cannot write net-info.json", p->uuid) : 0;
}

static void print_words(FILE *f, const char *keyword, char *const *words) {
        if (strv_length(words) == 0)
                return;
        _cleanup_free_ char *joined = strv_join(words, " ");
        fprintf(f, "%s %s\n", keyword, joined);
}

static bool is_one_word(const char *s) {
        return s[strcspn(s, " \t\r\n")] == 0;
}

/* They come from a plugin and become lines of a file. */
static bool is_harmless(const CniDns *d) {
        STRV_FOREACH (s, d->nameservers)
                if (!is_one_word(*s))
                        return false;
        STRV_FOREACH (s, d->search)
                if (!is_one_word(*s))
                        return false;
        STRV_FOREACH (s, d->options)
                if (!is_one_word(*s))
                        return false;
        return !d->domain || is_one_word(d->domain);
}

static int print_resolv_conf(const NetworkRecord *record, void *userdata) {
        char **text = userdata;
        _cleanup_cni_result_ CniResult result = {};
        size_t size;
        if (*text || parse_result(record, &result) < 0 || cni_dns_is_empty(&result.dns))
                return 0;
        if (!is_harmless(&result.dns)) {
                log_warning("network \"%s\": its DNS settings have spaces in them: ignored",
                                record->network.name);
                return 0;
        }
        FILE *f = open_memstream(text, &size);
        if (!f)
                return -errno;
        fprintf(f, "# Generated by rkt from network %s\n\n", record->network.name);
        /* resolvers take the last of domain and search */
        if (result.dns.domain)
                fprintf(f, "domain %s\n", result.dns.domain);
        print_words(f, "search", result.dns.search);
        STRV_FOREACH (s, result.dns.nameservers)
                fprintf(f, "nameserver %s\n", *s);
        print_words(f, "options", result.dns.options);
        fclose(f);
        return 0;
}

int net_info_write_resolv_conf(const PodNetwork *p) {
        _cleanup_free_ char *text = NULL;
        int r = pod_network_foreach(p, print_resolv_conf, &text);
        if (r < 0 || !text)
                return r;
        r = mkdir_parents_at(p->pod, "stage1/rootfs/etc", 0755);
        if (r >= 0)
                r = write_string_at(p->pod, "stage1/rootfs/etc/rkt-resolv.conf", text, 0644);
        return r < 0 ? log_error_errno(r, "pod %s: cannot write etc/rkt-resolv.conf", p->uuid) : 0;
}

/* Gateways may be routers elsewhere; only what is an address of the host can be bound to. */
static bool is_of_host(const IpAddress *a) {
        struct sockaddr_in v4 = { .sin_family = AF_INET };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
        memcpy(&v4.sin_addr, a->bytes, sizeof(v4.sin_addr));
        memcpy(&v6.sin6_addr, a->bytes, sizeof(v6.sin6_addr));
        if (a->family == 0 || ip_is_any(a))
                return false;
        _cleanup_close_ int fd = socket(a->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        return fd >= 0 && (a->family == AF_INET ? bind(fd, (struct sockaddr *) &v4, sizeof(v4))
                                                : bind(fd, (struct sockaddr *) &v6, sizeof(v6))) == 0;
}

static int look_for_host(const NetworkRecord *record, void *userdata) {
        IpAddress *found = userdata;
        _cleanup_cni_result_ CniResult result = {};
        int r = parse_result(record, &result);
        if (r < 0)
                return r;
        for (int pass = 0; pass < 2; pass++)
                for (size_t i = 0; i < result.n_ips; i++) {
                        const IpAddress *gateway = &result.ips[i].gateway;
                        bool better = gateway->family == AF_INET || found->family != AF_INET;
                        if (gateway->family == (pass ? AF_INET : AF_INET6) && better && is_of_host(gateway))
                                *found = *gateway;
                }
        return 0;
}

int net_info_host_address(const PodNetwork *p, IpAddress *ret) {
        *ret = (IpAddress){};
        return pod_network_foreach(p, look_for_host, ret);
}

typedef struct Interfaces {
        unsigned *numbers;
        size_t n;
} Interfaces;

/* A bridge is the host's and many pods': what leads to this pod is its port. */
static bool is_bridge(const char *name) {
        _cleanup_free_ char *path = xasprintf("/sys/class/net/%s/bridge", name);
        return access(path, F_OK) == 0;
}

static int collect_interfaces(const NetworkRecord *record, void *userdata) {
        Interfaces *l = userdata;
        _cleanup_cni_result_ CniResult result = {};
        if (parse_result(record, &result) < 0)
                return 0;
        for (size_t i = 0; i < result.n_interfaces; i++) {
                const CniInterface *interface = &result.interfaces[i];
                unsigned number = interface->sandbox ? 0 : if_nametoindex(interface->name);
                if (number == 0 || is_bridge(interface->name))
                        continue;
                xgrow(&l->numbers, l->n);
                l->numbers[l->n++] = number;
        }
        return 0;
}

int net_info_interfaces(const PodNetwork *p, unsigned **ret, size_t *ret_n) {
        Interfaces l = {};
        int r = pod_network_foreach(p, collect_interfaces, &l);
        if (r < 0) {
                free(l.numbers);
                return r;
        }
        *ret = l.numbers;
        *ret_n = l.n;
        return 0;
}
