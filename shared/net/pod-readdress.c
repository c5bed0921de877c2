/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "alloc.h"
#include "log.h"
#include "net-info.h"
#include "strv.h"

static CniAddress *find_address(CniResult *result, const char *ifname, int family) {
        for (size_t i = 0; i < result->n_ips; i++) {
                CniAddress *a = &result->ips[i];
                bool known = a->interface >= 0 && (size_t) a->interface < result->n_interfaces;
                if (a->address.address.family == family &&
                                (!known || streq(result->interfaces[a->interface].name, ifname)))
                        return a;
        }
        return NULL;
}

/* 1: it was that of the interface. */
static int change(NetworkRecord *record, const char *ifname, const IpPrefix *address) {
        _cleanup_json_context_ JsonContext c = {};
        _cleanup_cni_result_ CniResult result = {};
        json_object *o = NULL;
        if (!streq(record->ifname, ifname) || !record->result)
                return 0;
        int r = cni_result_from_json(&c, record->result, record->network.version, &result);
        CniAddress *old = r < 0 ? NULL : find_address(&result, ifname, address->address.family);
        if (!old)
                return 0;
        old->address = *address;
        r = cni_result_to_json(&result, record->network.version, &o);
        if (r < 0)
                return r;
        json_object_put(record->result);
        record->result = o;
        return 1;
}

static int readdress_one(PodNetwork *p, const char *file, const char *ifname, const IpPrefix *address) {
        _cleanup_network_record_ NetworkRecord record = {};
        _cleanup_free_ char *error = NULL;
        int r = network_record_read_at(p->net, file, &record, &error);
        if (r < 0) {
                log_error("pod %s: %s", p->uuid, error);
                return r;
        }
        r = change(&record, ifname, address);
        if (r <= 0)
                return r;
        r = network_record_write_at(p->net, file, &record);
        return r < 0 ? log_error_errno(r, "pod %s: cannot write net/%s", p->uuid, file) : 1;
}

int pod_network_readdress(PodNetwork *p, const char *ifname, const IpPrefix *address) {
        _cleanup_strv_ char **files = NULL;
        int r = network_record_list(p->net, &files), found = 0;
        if (r < 0)
                return log_error_errno(r, "pod %s: cannot list net", p->uuid);
        STRV_FOREACH (file, files) {
                if ((r = readdress_one(p, *file, ifname, address)) < 0)
                        return r;
                found |= r;
        }
        if (!found) {
                log_error("pod %s: its interface %s has got no such address from a plugin", p->uuid, ifname);
                return -ENOENT;
        }
        return net_info_write(p);
}
