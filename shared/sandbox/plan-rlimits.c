/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-rlimits.h"

#include <errno.h>
#include <sys/resource.h>

#include "alloc.h"
#include "option.h"

static int parse_number(const char *text, uint64_t *ret) {
        if (streq(text, "unlimited") || streq(text, "infinity")) {
                *ret = UINT64_MAX;
                return 0;
        }
        return parse_uint(text, INT64_MAX, ret);
}

int plan_rlimits_add(PlanApp *a, const char *name, const char *text, char **ret_error) {
        _cleanup_free_ char *soft = xstrdup(text);
        char *hard = strchr(soft, ':');
        PlanRlimit limit = {};
        if (hard)
                *hard++ = 0;
        if (plan_rlimit_from_name(name) < 0) {
                *ret_error = xasprintf("\"%s\" is not a resource limit: expected one of setrlimit(2), such "
                                       "as nofile",
                                name);
                return -EINVAL;
        }
        if (parse_number(soft, &limit.soft) < 0 || parse_number(hard ?: soft, &limit.hard) < 0 ||
                        limit.soft > limit.hard) {
                *ret_error = xasprintf("%s: \"%s\" is not a limit: expected SOFT or SOFT:HARD, the first "
                                       "not above the second",
                                name, text);
                return -EINVAL;
        }
        limit.name = xstrdup(name);
        xgrow(&a->rlimits, a->n_rlimits);
        a->rlimits[a->n_rlimits++] = limit;
        return 0;
}

static rlim_t to_kernel(uint64_t value) {
        return value == UINT64_MAX ? RLIM_INFINITY : value;
}

static int apply(const PlanRlimit *l) {
        int resource = plan_rlimit_from_name(l->name);
        struct rlimit wanted = { .rlim_cur = to_kernel(l->soft), .rlim_max = to_kernel(l->hard) }, now;
        if (setrlimit(resource, &wanted) >= 0)
                return 0;
        if (errno != EPERM || getrlimit(resource, &now) < 0)
                return -errno;
        wanted.rlim_max = MIN(wanted.rlim_max, now.rlim_max);
        wanted.rlim_cur = MIN(wanted.rlim_cur, wanted.rlim_max);
        return setrlimit(resource, &wanted) < 0 ? -errno : 0;
}

int plan_rlimits_apply(const PlanApp *a) {
        for (size_t i = 0; i < a->n_rlimits; i++) {
                int r = apply(&a->rlimits[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}
