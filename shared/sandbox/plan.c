/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan.h"

#include "strv.h"

static void plan_app_done(PlanApp *a) {
        free(a->name);
        free(a->root.path);
        strv_free(a->root.lower);
        free(a->root.upper);
        free(a->root.work);
        strv_free(a->exec);
        strv_free(a->pre_start);
        strv_free(a->post_stop);
        free(a->user);
        free(a->group);
        free(a->gids);
        strv_free(a->environment);
        free(a->working_directory);
        for (size_t i = 0; i < a->n_mounts; i++) {
                free(a->mounts[i].volume);
                free(a->mounts[i].source);
                free(a->mounts[i].target);
        }
        free(a->mounts);
        strv_free(a->masked_paths);
        strv_free(a->read_only_paths);
        free(a->seccomp);
        syscall_filter_done(&a->filter);
}

void plan_free(Plan *p) {
        if (!p)
                return;
        free(p->hostname);
        for (size_t i = 0; i < p->n_volumes; i++) {
                free(p->volumes[i].name);
                free(p->volumes[i].path);
        }
        free(p->volumes);
        for (size_t i = 0; i < p->n_apps; i++)
                plan_app_done(&p->apps[i]);
        free(p->apps);
        free(p);
}

const PlanApp *plan_find_app(const Plan *p, const char *name) {
        for (size_t i = 0; i < p->n_apps; i++)
                if (streq(p->apps[i].name, name))
                        return &p->apps[i];
        return NULL;
}

bool plan_app_has_limits(const PlanApp *a) {
        return a->memory_max || a->cpu_quota || a->cpu_weight;
}
