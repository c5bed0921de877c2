/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-limits.h"

#include <inttypes.h>
#include <sys/sysmacros.h>

#include "alloc.h"
#include "block-device.h"
#include "log.h"

#define CPU_PERIOD_US 100000

/* Where the limits of input and output apply: what lies on these disks. */
typedef struct Disks {
        dev_t *items;
        size_t n;
} Disks;

static void add_disk(Disks *d, int dirfd, const char *path) {
        dev_t number;
        if (block_device_of(dirfd, path, &number) < 0)
                return;
        for (size_t i = 0; i < d->n; i++)
                if (d->items[i] == number)
                        return;
        xgrow(&d->items, d->n);
        d->items[d->n++] = number;
}

static void find_disks(Disks *d, int podfd, const PlanApp *apps, size_t n_apps) {
        add_disk(d, podfd, ".");
        for (size_t i = 0; i < n_apps; i++)
                for (size_t j = 0; j < apps[i].n_mounts; j++)
                        if (apps[i].mounts[j].source)
                                add_disk(d, podfd, apps[i].mounts[j].source);
}

/* cgroup v1's shares, 2 to 262144 with 1024 as the default, on the scale of v2's weight, 1 to 10000 with
 * 100: the kernel's documentation gives this line for it. */
static uint64_t weight_from_shares(int64_t shares) {
        return 1 + (uint64_t) (shares - 2) * 9999 / 262142;
}

static char *number(uint64_t n) {
        return xasprintf("%" PRIu64, n);
}

static char *cpu_quota(Quantity limit) {
        int64_t milli = MAX(quantity_milli(limit), 0);
        /* thousandths of a CPU in a period of 100 ms; the kernel takes no quota under 1 ms */
        uint64_t quota = (uint64_t) MAX(MIN(milli, INT64_MAX / 100) * 100, 1000);
        return xasprintf("%" PRIu64 " %d", quota, CPU_PERIOD_US);
}

/* A limit for what is read and one for what is written, as the spec has one number for both. */
static void add_disk_limits(const Isolator *i, const char *whose, const Disks *disks, PlanLimits *ret) {
        uint64_t value = (uint64_t) MAX(quantity_value(i->resource.limit), 1);
        bool bytes = i->type == ISOLATOR_BLOCK_BANDWIDTH;
        for (size_t k = 0; k < disks->n; k++)
                plan_limits_add(ret, i->name, "io.max",
                                xasprintf("%u:%u %s=%" PRIu64 " %s=%" PRIu64, major(disks->items[k]),
                                                minor(disks->items[k]), bytes ? "rbps" : "riops", value,
                                                bytes ? "wbps" : "wiops", value));
        if (disks->n == 0)
                log_warning("%s: isolator %s is set but there is no block device below the pod's files and "
                            "volumes, "
                            "skipping",
                                whose, i->name);
}

static void add_cpuset(const Isolator *i, PlanLimits *ret) {
        const char *cpus = name_values_get(&i->values, "cpus"), *mems = name_values_get(&i->values, "mems");
        if (cpus)
                plan_limits_add(ret, i->name, "cpuset.cpus", xstrdup(cpus));
        if (mems)
                plan_limits_add(ret, i->name, "cpuset.mems", xstrdup(mems));
}

static void add_resource(const Isolator *i, const char *file, PlanLimits *ret) {
        if (i->resource.has_limit)
                plan_limits_add(ret, i->name, file,
                                number((uint64_t) MAX(quantity_value(i->resource.limit), 0)));
}

bool plan_limits_apply_to(IsolatorType type) {
        switch (type) {
        case ISOLATOR_CPU:
        case ISOLATOR_MEMORY:
        case ISOLATOR_BLOCK_BANDWIDTH:
        case ISOLATOR_BLOCK_IOPS:
        case ISOLATOR_CPU_SHARES:
        case ISOLATOR_PIDS:
        case ISOLATOR_IO_WEIGHT:
        case ISOLATOR_MEMORY_HIGH:
        case ISOLATOR_MEMORY_SWAP:
        case ISOLATOR_CPUSET: return true;
        default: return false;
        }
}

static void compile_one(const Isolator *i, const char *whose, const Disks *disks, PlanLimits *ret) {
        switch (i->type) {
        case ISOLATOR_MEMORY: add_resource(i, "memory.max", ret); break;
        case ISOLATOR_MEMORY_HIGH: add_resource(i, "memory.high", ret); break;
        case ISOLATOR_MEMORY_SWAP: add_resource(i, "memory.swap.max", ret); break;
        case ISOLATOR_CPU:
                if (i->resource.has_limit)
                        plan_limits_add(ret, i->name, "cpu.max", cpu_quota(i->resource.limit));
                break;
        case ISOLATOR_CPU_SHARES:
                plan_limits_add(ret, i->name, "cpu.weight", number(weight_from_shares(i->number)));
                break;
        case ISOLATOR_PIDS: plan_limits_add(ret, i->name, "pids.max", number((uint64_t) i->number)); break;
        case ISOLATOR_IO_WEIGHT:
                plan_limits_add(ret, i->name, "io.weight", number((uint64_t) i->number));
                break;
        case ISOLATOR_CPUSET: add_cpuset(i, ret); break;
        case ISOLATOR_BLOCK_BANDWIDTH:
        case ISOLATOR_BLOCK_IOPS: add_disk_limits(i, whose, disks, ret); break;
        default: break;
        }
}

void plan_compile_limits(const IsolatorList *l, const char *whose, int podfd, const PlanApp *apps,
                size_t n_apps, PlanLimits *ret) {
        Disks disks = {};
        if (isolators_find(l, ISOLATOR_BLOCK_BANDWIDTH) || isolators_find(l, ISOLATOR_BLOCK_IOPS))
                find_disks(&disks, podfd, apps, n_apps);
        for (IsolatorType t = ISOLATOR_UNKNOWN + 1; t < _ISOLATOR_TYPE_MAX; t++) {
                const Isolator *i = isolators_find(l, t);
                if (i)
                        compile_one(i, whose, &disks, ret);
        }
        free(disks.items);
}
