/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Limits for the traffic of a container that has a pair of links: what goes in is shaped at the host's end,
 * what comes out on an ifb device through which it is sent. */

#include <errno.h>
#include <openssl/evp.h>

#include "alloc.h"
#include "cni-interface.h"
#include "traffic.h"

#define LATENCY_DIVISOR 40 /* 25 ms of the rate may wait */

typedef struct BandwidthConfig {
        int64_t ingress_rate, ingress_burst, egress_rate,
                        egress_burst; /* bits a second, bits; 0: no limit */
} BandwidthConfig;

static int read_object(CniCall *c, json_object *o, BandwidthConfig *b) {
        JsonContext *j = &c->conf;
        int r = json_get_int(j, o, "ingressRate", JSON_OPTIONAL, 0, INT64_MAX, &b->ingress_rate);
        if (r >= 0)
                r = json_get_int(j, o, "ingressBurst", JSON_OPTIONAL, 0, INT64_MAX, &b->ingress_burst);
        if (r >= 0)
                r = json_get_int(j, o, "egressRate", JSON_OPTIONAL, 0, INT64_MAX, &b->egress_rate);
        if (r >= 0)
                r = json_get_int(j, o, "egressBurst", JSON_OPTIONAL, 0, INT64_MAX, &b->egress_burst);
        return r < 0 ? cni_fail_config(c) : 0;
}

static int check_pair(CniCall *c, int64_t rate, int64_t burst) {
        if (!burst && rate)
                return cni_fail(c, CNI_INTERNAL, "if rate is set, burst must also be set");
        if (!rate && burst)
                return cni_fail(c, CNI_INTERNAL, "if burst is set, rate must also be set");
        if (rate && rate < 8)
                return cni_fail(c, CNI_INTERNAL, "a rate is at least 8 bits a second");
        if (burst / 8 >= UINT32_MAX)
                return cni_fail(c, CNI_INTERNAL, "burst cannot be more than 4GB");
        return 0;
}

static bool is_zero(const BandwidthConfig *b) {
        return !b->ingress_rate && !b->egress_rate;
}

/* The configuration, or the capability bandwidth where that says nothing. */
static int read_config(CniCall *c, BandwidthConfig *b) {
        *b = (BandwidthConfig){};
        json_object *runtime = cni_call_runtime(c, "bandwidth");
        int r = read_object(c, c->conf.root, b);
        if (r >= 0 && is_zero(b) && !b->ingress_burst && !b->egress_burst &&
                        json_object_is_type(runtime, json_type_object)) {
                size_t mark = json_enter(&c->conf, "runtimeConfig");
                json_enter(&c->conf, "bandwidth");
                r = read_object(c, runtime, b);
                json_leave(&c->conf, mark);
        }
        if (r >= 0)
                r = check_pair(c, b->ingress_rate, b->ingress_burst);
        return r < 0 ? r : check_pair(c, b->egress_rate, b->egress_burst);
}

/* "bwp" and the first digits of the SHA-512 of network and container, as the reference plugin names it. */
static int device_name(CniCall *c, char name[static IFNAMSIZ]) {
        _cleanup_free_ char *text = xasprintf("%s%s", c->network, c->container_id);
        unsigned char digest[EVP_MAX_MD_SIZE];
        if (!EVP_Digest(text, strlen(text), digest, NULL, EVP_sha512(), NULL))
                return cni_fail(c, CNI_INTERNAL, "cannot compute the name of the ifb device");
        int at = sprintf(name, "bwp");
        for (size_t i = 0; at < IFNAMSIZ - 2; i++)
                at += sprintf(name + at, "%02x", digest[i]);
        return 0;
}

static int find_host_end(CniCall *c, CniSides *s, Link *ret) {
        Link container;
        if (c->previous.n_interfaces == 0)
                return cni_fail(c, CNI_INTERNAL, "no interfaces provided");
        if (link_get(s->container, c->ifname, &container) < 0 || !streq(container.kind, "veth") ||
                        !container.peer)
                return cni_fail(c, CNI_INTERNAL, "container interface %s has no veth peer", c->ifname);
        if (link_get_by_index(s->host, container.peer, ret) < 0)
                return cni_fail(c, CNI_INTERNAL, "veth peer with index %d is not in host ns",
                                container.peer);
        for (size_t i = 0; i < c->previous.n_interfaces; i++)
                if (!c->previous.interfaces[i].sandbox && streq(c->previous.interfaces[i].name, ret->name))
                        return 0;
        return cni_fail(c, CNI_INTERNAL, "no veth peer of container interface found in host ns");
}

static TokenBucket bucket(int64_t rate_bits, int64_t burst_bits) {
        TokenBucket t = { .rate = rate_bits / 8, .burst = MAX(burst_bits / 8, 1) };
        t.limit = MIN(t.rate / LATENCY_DIVISOR + t.burst, (uint64_t) UINT32_MAX);
        return t;
}

static int limit(CniCall *c, CniSides *s, const Link *l, int64_t rate, int64_t burst) {
        TokenBucket t = bucket(rate, burst);
        int r = traffic_limit(s->host, l->index, &t);
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "create qdisc on %s: %s", l->name, netlink_error(s->host))
                     : 0;
}

static int make_device(CniCall *c, CniSides *s, const Link *host, Link *ret) {
        char name[IFNAMSIZ];
        LinkSpec spec = { .name = name, .kind = "ifb", .mtu = host->mtu, .up = true };
        int r = device_name(c, name);
        if (r < 0)
                return r;
        r = link_add(s->host, &spec);
        if (r >= 0)
                r = link_get(s->host, name, ret);
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "adding link %s: %s", name, netlink_error(s->host)) : 0;
}

static int limit_egress(
                CniCall *c, CniSides *s, const BandwidthConfig *b, const Link *host, CniResult *result) {
        Link device;
        int r = make_device(c, s, host, &device);
        if (r < 0)
                return r;
        r = limit(c, s, &device, b->egress_rate, b->egress_burst);
        if (r >= 0 && traffic_redirect_ingress(s->host, host->index, device.index) < 0)
                r = cni_fail(c, CNI_INTERNAL, "add filter: %s", netlink_error(s->host));
        if (r < 0)
                link_delete(s->host, device.index);
        else
                cni_add_interface(result, &device, NULL);
        return r;
}

static int add(CniCall *c, CniResult *result) {
        _cleanup_cni_sides_ CniSides s = CNI_SIDES_NONE;
        BandwidthConfig config;
        Link host;
        int r = read_config(c, &config);
        if (r >= 0 && !c->has_previous)
                return cni_fail(c, CNI_INTERNAL, "must be called as chained plugin");
        if (r >= 0 && is_zero(&config))
                return cni_call_take_previous(c, result);
        if (r >= 0)
                r = cni_sides_open(c, &s);
        if (r >= 0)
                r = find_host_end(c, &s, &host);
        if (r >= 0)
                r = cni_call_take_previous(c, result);
        if (r >= 0 && config.ingress_rate)
                r = limit(c, &s, &host, config.ingress_rate, config.ingress_burst);
        if (r >= 0 && config.egress_rate)
                r = limit_egress(c, &s, &config, &host, result);
        return r;
}

static int del(CniCall *c) {
        _cleanup_netlink_ Netlink *n = NULL;
        BandwidthConfig config;
        char name[IFNAMSIZ];
        Link l;
        int r = read_config(c, &config);
        if (r >= 0)
                r = device_name(c, name);
        if (r < 0)
                return r;
        r = netlink_open(-1, &n);
        if (r < 0)
                return cni_fail_errno(c, r, "cannot open an rtnetlink socket");
        r = link_get(n, name, &l);
        if (r >= 0)
                r = link_delete(n, l.index);
        return r < 0 && r != -ENODEV
                               ? cni_fail(c, CNI_INTERNAL, "failed to delete %s: %s", name, netlink_error(n))
                               : 0;
}

static int check_limit(CniCall *c, CniSides *s, const Link *l, int64_t rate, int64_t burst) {
        TokenBucket wanted = bucket(rate, burst), there;
        if (traffic_get_limit(s->host, l->index, &there) < 0)
                return cni_fail(c, CNI_INTERNAL, "Failed to find qdisc on %s", l->name);
        if (there.rate != wanted.rate)
                return cni_fail(c, CNI_INTERNAL, "Rate doesn't match");
        if (there.limit != wanted.limit)
                return cni_fail(c, CNI_INTERNAL, "Limit doesn't match");
        return 0;
}

static int check(CniCall *c) {
        _cleanup_cni_sides_ CniSides s = CNI_SIDES_NONE;
        BandwidthConfig config;
        char name[IFNAMSIZ];
        Link host, device;
        int r = read_config(c, &config);
        if (r >= 0 && !c->has_previous)
                return cni_fail(c, CNI_INTERNAL, "must be called as a chained plugin");
        if (r >= 0)
                r = cni_sides_open(c, &s);
        if (r >= 0)
                r = find_host_end(c, &s, &host);
        if (r >= 0 && config.ingress_rate)
                r = check_limit(c, &s, &host, config.ingress_rate, config.ingress_burst);
        if (r >= 0 && config.egress_rate)
                r = device_name(c, name);
        if (r < 0 || !config.egress_rate)
                return r;
        if (link_get(s.host, name, &device) < 0)
                return cni_fail(c, CNI_INTERNAL, "get ifb device: %s not found", name);
        return check_limit(c, &s, &device, config.egress_rate, config.egress_burst);
}

static const CniPlugin plugin = { .name = "bandwidth", .add = add, .del = del, .check = check };

int main(void) {
        return cni_plugin_main(&plugin);
}
