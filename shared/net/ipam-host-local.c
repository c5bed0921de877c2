/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "ipam-range.h"
#include "ipam-requested.h"
#include "ipam-store.h"
#include "ipam.h"
#include "resolv-conf.h"

typedef struct HostLocal {
        IpRangeSet *sets;
        size_t n_sets;
        RequestedAddresses requested;
        const char *directory, *resolv_conf;
} HostLocal;

static void host_local_done(HostLocal *h) {
        for (size_t i = 0; i < h->n_sets; i++)
                ip_range_set_done(&h->sets[i]);
        free(h->sets);
        requested_addresses_done(&h->requested);
}

static IpRangeSet *add_set(HostLocal *h) {
        xgrow(&h->sets, h->n_sets);
        h->sets[h->n_sets] = (IpRangeSet){};
        return &h->sets[h->n_sets++];
}

/* List of lists: "ranges", and the capability ipRanges. */
static int read_sets(JsonContext *c, json_object *list, HostLocal *h) {
        int r = json_expect(c, list, json_type_array);
        for (size_t i = 0; r >= 0 && i < json_object_array_length(list); i++) {
                size_t mark = json_enter_index(c, i);
                r = ip_range_set_from_json(c, json_object_array_get_idx(list, i), add_set(h));
                json_leave(c, mark);
        }
        return r;
}

static int read_ranges_of_caller(CniCall *c, HostLocal *h) {
        json_object *runtime = NULL, *ranges = NULL;
        JsonContext *j = &c->conf;
        int r = json_get_object(j, j->root, "runtimeConfig", JSON_OPTIONAL, &runtime);
        if (r < 0 || !runtime)
                return r;
        size_t mark = json_enter(j, "runtimeConfig");
        r = json_get_array(j, runtime, "ipRanges", JSON_OPTIONAL, &ranges);
        if (r >= 0 && ranges) {
                json_enter(j, "ipRanges");
                r = read_sets(j, ranges, h);
        }
        json_leave(j, mark);
        return r;
}

/* The older form: one range, its members straight in ipam. */
static int read_ipam(JsonContext *j, json_object *ipam, HostLocal *h, CniResult *result) {
        const char *subnet = NULL;
        json_object *ranges = NULL;
        int r = json_get_string(j, ipam, "subnet", JSON_OPTIONAL, &subnet);
        if (r >= 0 && !isempty(subnet)) {
                IpRangeSet *s = add_set(h);
                s->ranges = xnew(IpRange, 1);
                r = ip_range_from_json(j, ipam, s->ranges);
                s->n = 1;
        }
        if (r >= 0)
                r = json_get_array(j, ipam, "ranges", JSON_OPTIONAL, &ranges);
        if (r >= 0 && ranges) {
                size_t mark = json_enter(j, "ranges");
                r = read_sets(j, ranges, h);
                json_leave(j, mark);
        }
        if (r >= 0)
                r = json_get_string(j, ipam, "dataDir", JSON_OPTIONAL, &h->directory);
        if (r >= 0)
                r = json_get_string(j, ipam, "resolvConf", JSON_OPTIONAL, &h->resolv_conf);
        if (r >= 0)
                r = cni_routes_from_json(j, ipam, "routes", result);
        return r;
}

static int check_sets(CniCall *c, const HostLocal *h) {
        size_t n4 = 0, n6 = 0;
        if (h->n_sets == 0)
                return cni_fail(c, CNI_INTERNAL, "no IP ranges specified");
        for (size_t i = 0; i < h->n_sets; i++) {
                if (h->sets[i].ranges[0].subnet.address.family == AF_INET)
                        n4++;
                else
                        n6++;
                for (size_t j = i + 1; j < h->n_sets; j++)
                        if (ip_range_sets_overlap(&h->sets[i], &h->sets[j]))
                                return cni_fail(c, CNI_INTERNAL, "range set %zu overlaps with %zu", i, j);
        }
        if ((n4 > 1 || n6 > 1) && c->version < CNI_0_3_0)
                return cni_fail(c, CNI_INTERNAL,
                                "CNI version %s does not support more than 1 address per family",
                                cni_version_name(c->version));
        return 0;
}

/* Its routes go straight to the result. */
static int load(CniCall *c, HostLocal *h, CniResult *result) {
        json_object *ipam = NULL;
        JsonContext *j = &c->conf;
        int r = json_get_object(j, j->root, "ipam", JSON_OPTIONAL, &ipam);
        if (r >= 0 && !ipam)
                return cni_fail(c, CNI_INTERNAL, "IPAM config missing 'ipam' key");
        if (r >= 0)
                r = read_ranges_of_caller(c, h);
        if (r >= 0) {
                size_t mark = json_enter(j, "ipam");
                r = read_ipam(j, ipam, h, result);
                json_leave(j, mark);
        }
        if (r < 0)
                return cni_fail_config(c);
        r = requested_addresses_read(c, &h->requested);
        return r < 0 ? r : check_sets(c, h);
}

static int open_store(CniCall *c, const HostLocal *h, IpamStore **ret) {
        int r = ipam_store_open(h->directory, c->network, ret);
        if (r < 0)
                return cni_fail_errno(c, r, "cannot open the leases of network %s in %s", c->network,
                                h->directory ? h->directory : IPAM_DIRECTORY);
        return 0;
}

static int reserve(CniCall *c, IpamStore *s, const IpAddress *a, size_t set) {
        char text[IP_TEXT_MAX];
        int r = ipam_store_reserve(s, c->container_id, c->ifname, a, set);
        return r < 0 ? cni_fail_errno(c, r, "cannot reserve %s", ip_format(a, text)) : r;
}

static int take_requested(CniCall *c, HostLocal *h, IpamStore *s, size_t set, const IpAddress *wanted,
                const IpRange **ret) {
        char text[IP_TEXT_MAX];
        const IpRange *range = ip_range_set_find(&h->sets[set], wanted);
        if (ip_equal(wanted, &range->gateway))
                return cni_fail(c, CNI_INTERNAL,
                                "failed to allocate for range %zu: requested ip %s is subnet's gateway", set,
                                ip_format(wanted, text));
        int r = reserve(c, s, wanted, set);
        if (r == 0) {
                _cleanup_free_ char *ranges = ip_range_set_format(&h->sets[set]);
                return cni_fail(c, CNI_INTERNAL,
                                "failed to allocate for range %zu: requested IP address %s is not available "
                                "in "
                                "range set %s",
                                set, ip_format(wanted, text), ranges);
        }
        *ret = range;
        return r;
}

static int refuse_second(CniCall *c, HostLocal *h, size_t set, const IpAddress *held, size_t n_held) {
        char text[IP_TEXT_MAX];
        for (size_t i = 0; i < n_held; i++)
                if (ip_range_set_find(&h->sets[set], &held[i]))
                        return cni_fail(c, CNI_INTERNAL,
                                        "failed to allocate for range %zu: %s has been allocated to %s, "
                                        "duplicate "
                                        "allocation is not allowed",
                                        set, ip_format(&held[i], text), c->container_id);
        return 0;
}

static int take_next(CniCall *c, HostLocal *h, IpamStore *s, size_t set, IpAddress *address,
                const IpRange **ret) {
        IpAddress last;
        IpRangeWalk w;
        ip_range_walk_start(&w, &h->sets[set], ipam_store_last(s, set, &last) ? &last : NULL);
        while ((*ret = ip_range_walk_next(&w, address))) {
                int r = reserve(c, s, address, set);
                if (r != 0)
                        return r;
        }
        _cleanup_free_ char *ranges = ip_range_set_format(&h->sets[set]);
        return cni_fail(c, CNI_INTERNAL,
                        "failed to allocate for range %zu: no IP addresses available in range set: %s", set,
                        ranges);
}

static int allocate(CniCall *c, HostLocal *h, IpamStore *s, CniResult *result) {
        _cleanup_free_ IpAddress *held = NULL;
        size_t n_held = 0;
        int r = ipam_store_find(s, c->container_id, c->ifname, &held, &n_held);
        if (r < 0)
                return cni_fail_errno(c, r, "cannot read the leases of network %s", c->network);
        for (size_t i = 0; i < h->n_sets; i++) {
                const IpRange *range = NULL;
                IpAddress address;
                if (requested_addresses_take(&h->requested, &h->sets[i], &address))
                        r = take_requested(c, h, s, i, &address, &range);
                else {
                        r = refuse_second(c, h, i, held, n_held);
                        if (r >= 0)
                                r = take_next(c, h, s, i, &address, &range);
                }
                if (r < 0)
                        return r;
                CniAddress *a = cni_result_add_address(result);
                a->address = (IpPrefix){ .address = address, .length = range->subnet.length };
                a->gateway = range->gateway;
        }
        return requested_addresses_check_all_taken(c, &h->requested);
}

/* What was taken before the failure goes back; what the attachment held before it came stays. */
static void take_back(IpamStore *s, const CniCall *c, const CniResult *result) {
        if (result->n_ips > 0)
                ipam_store_release(s, c->container_id, c->ifname);
}

static int add(CniCall *c, CniResult *result) {
        _cleanup_(host_local_done) HostLocal h = {};
        _cleanup_ipam_store_ IpamStore *s = NULL;
        int r = load(c, &h, result);
        if (r >= 0 && !isempty(h.resolv_conf)) {
                r = resolv_conf_read(h.resolv_conf, &result->dns);
                if (r < 0)
                        return cni_fail_errno(c, r, "cannot read %s", h.resolv_conf);
        }
        if (r >= 0)
                r = open_store(c, &h, &s);
        if (r < 0)
                return r;
        r = allocate(c, &h, s, result);
        if (r < 0)
                take_back(s, c, result);
        return r;
}

/* What all but ADD begin with. */
static int begin(CniCall *c, HostLocal *h, IpamStore **ret) {
        _cleanup_cni_result_ CniResult ignored = {};
        int r = load(c, h, &ignored);
        return r < 0 ? r : open_store(c, h, ret);
}

static int del(CniCall *c) {
        _cleanup_(host_local_done) HostLocal h = {};
        _cleanup_ipam_store_ IpamStore *s = NULL;
        int r = begin(c, &h, &s);
        if (r < 0)
                return r;
        r = ipam_store_release(s, c->container_id, c->ifname);
        return r < 0 ? cni_fail_errno(c, r, "cannot give back the addresses of %s", c->container_id) : 0;
}

static int check(CniCall *c) {
        _cleanup_(host_local_done) HostLocal h = {};
        _cleanup_ipam_store_ IpamStore *s = NULL;
        _cleanup_free_ IpAddress *held = NULL;
        size_t n = 0;
        int r = begin(c, &h, &s);
        if (r < 0)
                return r;
        r = ipam_store_find(s, c->container_id, c->ifname, &held, &n);
        if (r < 0 || n == 0)
                return cni_fail(c, CNI_INTERNAL, "host-local: Failed to find address added by container %s",
                                c->container_id);
        return 0;
}

static bool keep(const char *container_id, const char *ifname, void *data) {
        return cni_call_is_valid_attachment(data, container_id, ifname);
}

static int gc(CniCall *c) {
        _cleanup_(host_local_done) HostLocal h = {};
        _cleanup_ipam_store_ IpamStore *s = NULL;
        int r = begin(c, &h, &s);
        if (r < 0)
                return r;
        r = ipam_store_collect(s, keep, c);
        return r < 0 ? cni_fail_errno(c, r, "cannot give back addresses of network %s", c->network) : 0;
}

static int status(CniCall *c) {
        _cleanup_(host_local_done) HostLocal h = {};
        _cleanup_cni_result_ CniResult ignored = {};
        return load(c, &h, &ignored);
}

const CniPlugin ipam_host_local = {
        .name = "host-local",
        .add = add,
        .del = del,
        .check = check,
        .status = status,
        .gc = gc,
};
