/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-isolators.h"

#include <errno.h>

#include "alloc.h"
#include "capabilities.h"
#include "log.h"
#include "plan-seccomp.h"
#include "strv.h"

static int compile_capabilities(const PlanRequest *q, const IsolatorList *l, PlanApp *a) {
        const Isolator *retain = isolators_find(l, ISOLATOR_CAPABILITIES_RETAIN);
        const Isolator *removed = isolators_find(l, ISOLATOR_CAPABILITIES_REMOVE);
        const Isolator *isolator = retain ?: removed;
        a->capabilities = capabilities_default;
        if (isolator) {
                uint64_t set = 0;
                const char *unknown = NULL;
                if (capabilities_from_names(isolator->set, &set, &unknown) < 0) {
                        log_error("app %s: isolator %s: \"%s\" is not a capability", a->name, isolator->name,
                                        unknown);
                        return -EINVAL;
                }
                a->capabilities = retain ? set : capabilities_default & ~set;
        }
        if (q->all_capabilities)
                a->capabilities = capabilities_all();
        return 0;
}

/* cgroup v1's shares, 2 to 262144 with 1024 as the default, on the scale of v2's weight, 1 to 10000 with
 * 100: the kernel's documentation gives this line for it. */
static uint64_t weight_from_shares(int64_t shares) {
        return 1 + (uint64_t) (shares - 2) * 9999 / 262142;
}

static void compile_resources(const IsolatorList *l, PlanApp *a) {
        const Isolator *memory = isolators_find(l, ISOLATOR_MEMORY), *cpu = isolators_find(l, ISOLATOR_CPU);
        const Isolator *shares = isolators_find(l, ISOLATOR_CPU_SHARES),
                       *oom = isolators_find(l, ISOLATOR_OOM_SCORE_ADJ);
        if (memory && memory->resource.has_limit)
                a->memory_max = (uint64_t) MAX(quantity_value(memory->resource.limit), 0);
        if (cpu && cpu->resource.has_limit) {
                int64_t milli = MAX(quantity_milli(cpu->resource.limit), 0);
                /* thousandths of a CPU in a period of 100 ms; the kernel takes no quota under 1 ms */
                a->cpu_quota = (uint64_t) MAX(MIN(milli, INT64_MAX / 100) * 100, 1000);
        }
        if (shares)
                a->cpu_weight = weight_from_shares(shares->number);
        if (oom) {
                a->has_oom_score_adj = true;
                a->oom_score_adj = (int) oom->number;
        }
}

static bool is_applied(IsolatorType type) {
        switch (type) {
        case ISOLATOR_CPU:
        case ISOLATOR_MEMORY:
        case ISOLATOR_CAPABILITIES_RETAIN:
        case ISOLATOR_CAPABILITIES_REMOVE:
        case ISOLATOR_SECCOMP_RETAIN:
        case ISOLATOR_SECCOMP_REMOVE:
        case ISOLATOR_NO_NEW_PRIVILEGES:
        case ISOLATOR_OOM_SCORE_ADJ:
        case ISOLATOR_CPU_SHARES: return true;
        default: return false;
        }
}

int plan_compile_isolators(const PlanRequest *q, const IsolatorList *l, PlanApp *a) {
        int r = compile_capabilities(q, l, a);
        if (r < 0 || (r = plan_compile_seccomp(q, l, a)) < 0)
                return r;
        compile_resources(l, a);
        const Isolator *privileges = isolators_find(l, ISOLATOR_NO_NEW_PRIVILEGES);
        a->no_new_privileges = privileges && privileges->flag;
        for (size_t i = 0; i < l->n; i++)
                if (!is_applied(l->items[i].type))
                        log_warning("app %s: isolator %s is not applied: this stage1 does not know it",
                                        a->name, l->items[i].name);
        return 0;
}
