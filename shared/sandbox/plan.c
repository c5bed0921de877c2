/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan.h"

#include <errno.h>
#include <sys/resource.h>

#include "alloc.h"
#include "strv.h"

void plan_limits_done(PlanLimits *l) {
        for (size_t i = 0; i < l->n; i++) {
                free(l->items[i].isolator);
                free(l->items[i].file);
                free(l->items[i].value);
        }
        free(l->items);
        *l = (PlanLimits){};
}

void plan_limits_add(PlanLimits *l, const char *isolator, const char *file, char *value) {
        xgrow(&l->items, l->n);
        l->items[l->n++] =
                        (PlanLimit){ .isolator = xstrdup(isolator), .file = xstrdup(file), .value = value };
}

const PlanLimit *plan_limits_find(const PlanLimits *l, const char *file) {
        for (size_t i = 0; i < l->n; i++)
                if (streq(l->items[i].file, file))
                        return &l->items[i];
        return NULL;
}

int plan_rlimit_from_name(const char *name) {
        static const struct {
                const char *name;
                int resource;
        } table[] = {
                { "as", RLIMIT_AS },
                { "core", RLIMIT_CORE },
                { "cpu", RLIMIT_CPU },
                { "data", RLIMIT_DATA },
                { "fsize", RLIMIT_FSIZE },
                { "locks", RLIMIT_LOCKS },
                { "memlock", RLIMIT_MEMLOCK },
                { "msgqueue", RLIMIT_MSGQUEUE },
                { "nice", RLIMIT_NICE },
                { "nofile", RLIMIT_NOFILE },
                { "nproc", RLIMIT_NPROC },
                { "rss", RLIMIT_RSS },
                { "rtprio", RLIMIT_RTPRIO },
                { "rttime", RLIMIT_RTTIME },
                { "sigpending", RLIMIT_SIGPENDING },
                { "stack", RLIMIT_STACK },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (streq(table[i].name, name))
                        return table[i].resource;
        return -EINVAL;
}

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
        plan_limits_done(&a->limits);
        for (size_t i = 0; i < a->n_rlimits; i++)
                free(a->rlimits[i].name);
        free(a->rlimits);
        free(a->selinux_context);
        free(a->selinux_mount_context);
        free(a->apparmor_profile);
        app_life_done(&a->life);
        app_io_done(&a->io);
}

void plan_free(Plan *p) {
        if (!p)
                return;
        free(p->hostname);
        free(p->selinux_context);
        free(p->selinux_mount_context);
        plan_limits_done(&p->limits);
        free(p->log_dir);
        strv_free(p->sysctl);
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

bool plan_has_limits(const Plan *p) {
        bool limited = p->mutable || p->limits.n > 0;
        for (size_t i = 0; i < p->n_apps; i++)
                limited |= p->apps[i].limits.n > 0;
        return limited;
}

bool plan_app_has_volume_over(const PlanApp *a, const char *path) {
        for (size_t i = 0; i < a->n_mounts; i++) {
                size_t n = strlen(a->mounts[i].target);
                if (a->mounts[i].source && strncmp(path, a->mounts[i].target, n) == 0 &&
                                (path[n] == '/' || !path[n]))
                        return true;
        }
        return false;
}

bool plan_app_has_all_devices(const PlanApp *a) {
        return !a->read_only_paths;
}
