/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-isolators.h"

#include <errno.h>

#include "alloc.h"
#include "capabilities.h"
#include "log.h"
#include "plan-limits.h"
#include "plan-rlimits.h"
#include "plan-seccomp.h"
#include "security-module.h"
#include "strv.h"

static int capabilities_of(const Isolator *i, const char *app, uint64_t *ret) {
        const char *unknown = NULL;
        int r = capabilities_from_names(i->set, ret, &unknown);
        if (r < 0)
                log_error("app %s: isolator %s: \"%s\" is not a capability: expected one such as "
                          "CAP_NET_ADMIN",
                                app, i->name, unknown);
        return r < 0 ? -EINVAL : 0;
}

static int compile_capabilities(const PlanRequest *q, const IsolatorList *l, PlanApp *a) {
        const Isolator *retain = isolators_find(l, ISOLATOR_CAPABILITIES_RETAIN);
        const Isolator *removed = isolators_find(l, ISOLATOR_CAPABILITIES_REMOVE);
        const Isolator *isolator = retain ?: removed;
        uint64_t given = q->own_init ? capabilities_of_manager(q->net != PLAN_NET_HOST)
                                     : capabilities_default;
        a->capabilities = given;
        if (isolator) {
                uint64_t set = 0;
                int r = capabilities_of(isolator, a->name, &set);
                if (r < 0)
                        return r;
                a->capabilities = retain ? set : given & ~set;
        }
        if (q->all_capabilities)
                a->capabilities = capabilities_all();
        return 0;
}

static int compile_ambient(const IsolatorList *l, PlanApp *a) {
        const Isolator *i = isolators_find(l, ISOLATOR_CAPABILITIES_AMBIENT);
        if (!i)
                return 0;
        int r = capabilities_of(i, a->name, &a->ambient);
        if (r < 0)
                return r;
        uint64_t outside = a->ambient & ~a->capabilities;
        if (outside) {
                _cleanup_strv_ char **names = capabilities_to_names(outside);
                log_error("app %s: isolator %s: %s is not among the app's capabilities: retain it, too",
                                a->name, i->name, names[0]);
                return -EINVAL;
        }
        return 0;
}

static int compile_rlimits(const IsolatorList *l, PlanApp *a) {
        const Isolator *i = isolators_find(l, ISOLATOR_RLIMITS);
        for (size_t k = 0; i && k < i->values.n; k++) {
                _cleanup_free_ char *error = NULL;
                if (plan_rlimits_add(a, i->values.items[k].name, i->values.items[k].value, &error) < 0) {
                        log_error("app %s: isolator %s: %s", a->name, i->name, error);
                        return -EINVAL;
                }
        }
        return 0;
}

static void warn_unsupported(const PlanApp *a, const Isolator *i, const char *what) {
        log_warning("app %s: isolator %s is set but this host has no %s, skipping", a->name, i->name, what);
}

/* Security modules that the host does not run are reported: nothing stands in for them. */
static void compile_labels(const PlanRequest *q, const IsolatorList *l, PlanApp *a) {
        const Isolator *selinux = isolators_find(l, ISOLATOR_SELINUX_CONTEXT);
        const Isolator *apparmor = isolators_find(l, ISOLATOR_APPARMOR_PROFILE);
        if (selinux && !security_has_selinux())
                warn_unsupported(a, selinux, "SELinux");
        else if (selinux) {
                a->selinux_context = xasprintf("%s:%s:%s:%s", selinux->selinux.user, selinux->selinux.role,
                                selinux->selinux.type, selinux->selinux.level);
                /* its files are of its level, or it could not use them */
                if (q->selinux_mount_context)
                        a->selinux_mount_context =
                                        selinux_with_range(q->selinux_mount_context, selinux->selinux.level);
        } else {
                a->selinux_context = xstrdup(q->selinux_context);
                a->selinux_mount_context = xstrdup(q->selinux_mount_context);
        }
        if (apparmor && !security_has_apparmor())
                warn_unsupported(a, apparmor, "AppArmor");
        else if (apparmor)
                a->apparmor_profile = xstrdup(apparmor->profile);
}

/* rkt-netplug does it, at the other end of the pod's links; without any, there is nothing to limit. */
static bool is_network_limit(const PlanRequest *q, IsolatorType type) {
        return type == ISOLATOR_NETWORK_BANDWIDTH && q->net != PLAN_NET_HOST;
}

static bool is_applied(const PlanRequest *q, IsolatorType type) {
        switch (type) {
        case ISOLATOR_CAPABILITIES_RETAIN:
        case ISOLATOR_CAPABILITIES_REMOVE:
        case ISOLATOR_SECCOMP_RETAIN:
        case ISOLATOR_SECCOMP_REMOVE:
        case ISOLATOR_NO_NEW_PRIVILEGES:
        case ISOLATOR_OOM_SCORE_ADJ:
        case ISOLATOR_SELINUX_CONTEXT:
        case ISOLATOR_APPARMOR_PROFILE:
        case ISOLATOR_RLIMITS:
        case ISOLATOR_CAPABILITIES_AMBIENT: return true;
        default: return plan_limits_apply_to(type) || is_network_limit(q, type);
        }
}

/* The spec: what is not known is ignored, and that is told. */
static void report_ignored(const Isolator *i, const char *whose, bool of_pod) {
        const char *why = "this stage1 does not know it";
        if (i->type == ISOLATOR_NETWORK_BANDWIDTH)
                why = "the pod has the host's network, whose traffic is not the pod's to limit";
        else if (i->type == ISOLATOR_SYSCTL)
                why = "it is for a pod, not for an app";
        else if (of_pod && i->type != ISOLATOR_UNKNOWN)
                why = "it is for an app, not for a pod";
        log_warning("%s: isolator %s is not applied: %s", whose, i->name, why);
}

int plan_compile_isolators(const PlanRequest *q, const IsolatorList *l, int podfd, PlanApp *a) {
        _cleanup_free_ char *whose = xasprintf("app %s", a->name);
        int r;
        if ((r = compile_capabilities(q, l, a)) < 0 || (r = compile_ambient(l, a)) < 0 ||
                        (r = plan_compile_seccomp(q, l, a)) < 0 || (r = compile_rlimits(l, a)) < 0)
                return r;
        compile_labels(q, l, a);
        const Isolator *privileges = isolators_find(l, ISOLATOR_NO_NEW_PRIVILEGES),
                       *oom = isolators_find(l, ISOLATOR_OOM_SCORE_ADJ);
        a->no_new_privileges = privileges && privileges->flag;
        a->has_oom_score_adj = oom;
        a->oom_score_adj = oom ? (int) oom->number : 0;
        plan_compile_limits(l, whose, podfd, a, 1, &a->limits);
        for (size_t i = 0; i < l->n; i++)
                if (!is_applied(q, l->items[i].type))
                        report_ignored(&l->items[i], whose, false);
        return 0;
}

/* Kernel parameters of the namespaces that are the pod's own; any other one is the host's, and of all pods.
 */
static const char *sysctl_problem(const Plan *p, const char *path) {
        static const char *const ipc[] = { "kernel/msgmax", "kernel/msgmnb", "kernel/msgmni", "kernel/sem",
                "kernel/shmall", "kernel/shmmax", "kernel/shmmni", "kernel/shm_rmid_forced" };
        bool is_ipc = startswith(path, "fs/mqueue/");
        for (size_t i = 0; i < ELEMENTSOF(ipc); i++)
                is_ipc |= streq(path, ipc[i]);
        if (is_ipc)
                return p->private_ipc ? NULL : "the pod has the host's IPC namespace";
        if (startswith(path, "net/"))
                return p->net != PLAN_NET_HOST ? NULL : "the pod has the host's network";
        return streq(path, "kernel/domainname")
                               ? NULL
                               : "it is not of a namespace, so it would change the whole host";
}

/* As sysctl(8): the first separator says whether dots or slashes separate, the other one is part of a name.
 */
static char *sysctl_path(const char *name) {
        char *path = xstrdup(name);
        if (path[strcspn(path, "./")] == '.')
                for (char *c = path; *c; c++)
                        *c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
        return path;
}

static int compile_sysctl(const IsolatorList *l, Plan *p) {
        const Isolator *i = isolators_find(l, ISOLATOR_SYSCTL);
        for (size_t k = 0; i && k < i->values.n; k++) {
                const NameValue *v = &i->values.items[k];
                _cleanup_free_ char *path = sysctl_path(v->name);
                const char *problem = sysctl_problem(p, path);
                if (problem) {
                        log_error("isolator %s: %s cannot be set for a pod: %s", i->name, v->name, problem);
                        return -EPERM;
                }
                strv_push(&p->sysctl, xasprintf("%s=%s", path, v->value));
        }
        return 0;
}

int plan_compile_pod_isolators(const PlanRequest *q, const IsolatorList *l, int podfd, Plan *p) {
        int r = compile_sysctl(l, p);
        if (r < 0)
                return r;
        plan_compile_limits(l, "the pod", podfd, p->apps, p->n_apps, &p->limits);
        for (size_t i = 0; i < l->n; i++)
                if (l->items[i].type != ISOLATOR_SYSCTL && !plan_limits_apply_to(l->items[i].type) &&
                                !is_network_limit(q, l->items[i].type))
                        report_ignored(&l->items[i], "the pod", true);
        return 0;
}
