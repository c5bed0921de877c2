/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod-bandwidth.h"

#include <errno.h>

#include "alloc.h"
#include "log.h"

#define CAPABILITY "bandwidth"

#define BURST_DIVISOR 10                   /* a tenth of a second's bytes pass at once */
#define BURST_MIN     (UINT64_C(32) << 10) /* some packets of any size */
#define BURST_MAX     (UINT64_C(256) << 20)
#define RATE_MAX      ((uint64_t) INT64_MAX / 8) /* in bits, it is a number of JSON */

static uint64_t limit_of(const IsolatorList *l) {
        const Isolator *i = l ? isolators_find(l, ISOLATOR_NETWORK_BANDWIDTH) : NULL;
        int64_t limit = i && i->resource.has_limit ? quantity_value(i->resource.limit) : 0;
        return limit > 0 ? MIN((uint64_t) limit, RATE_MAX) : 0;
}

static const IsolatorList *app_isolators(const RuntimeApp *a) {
        return a->app ? &a->app->isolators : NULL;
}

uint64_t pod_bandwidth(const PodManifest *m) {
        uint64_t pod = limit_of(&m->isolators);
        if (m->n_apps == 1) {
                uint64_t app = limit_of(app_isolators(&m->apps[0]));
                return app > 0 && pod > 0 ? MIN(app, pod) : MAX(app, pod);
        }
        for (size_t i = 0; i < m->n_apps; i++)
                if (limit_of(app_isolators(&m->apps[i])) > 0)
                        log_warning("app %s: isolator %s is not applied: the apps of a pod share its "
                                    "interfaces; "
                                    "set it for the pod",
                                        m->apps[i].name, isolator_type_name(ISOLATOR_NETWORK_BANDWIDTH));
        return pod;
}

/* The arguments are in bits, as the plugin's. */
static json_object *arguments(uint64_t limit) {
        static const char *const names[][2] = { { "ingressRate", "ingressBurst" },
                { "egressRate", "egressBurst" } };
        json_object *o = json_object_new_object();
        uint64_t burst = MIN(MAX(limit / BURST_DIVISOR, BURST_MIN), BURST_MAX);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                json_object_object_add(o, names[i][0], json_object_new_int64((int64_t) (limit * 8)));
                json_object_object_add(o, names[i][1], json_object_new_int64((int64_t) (burst * 8)));
        }
        return o;
}

/* Plugins that make one. */
static bool has_pair(const CniNetwork *n) {
        static const char *const types[] = { "bridge", "ptp", "flannel" };
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (streq(n->plugins[0].type, types[i]))
                        return true;
        return false;
}

int pod_bandwidth_add(CniNetwork *n, json_object *capabilities, uint64_t limit) {
        bool declared = cni_network_has_capability(n, CAPABILITY);
        if (!declared && !has_pair(n))
                return -EOPNOTSUPP;
        json_object_object_add(capabilities, CAPABILITY, arguments(limit));
        if (!declared)
                cni_network_append(n, CAPABILITY, CAPABILITY);
        return 0;
}
