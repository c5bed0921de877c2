/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app-added.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "alloc.h"
#include "execution.h"
#include "file.h"
#include "flavour.h"
#include "log.h"
#include "pod-cgroup.h"
#include "pod-sources.h"

static int load_filter(PlanApp *a) {
        if (!a->seccomp)
                return 0;
        if (streq(a->seccomp, PLAN_SECCOMP_DEFAULT)) {
                syscall_filter_default(&a->filter);
                return 0;
        }
        _cleanup_free_ char *path = xasprintf("/" PLAN_SECCOMP_DIR "/%s", a->seccomp);
        int r = syscall_filter_read_at(AT_FDCWD, path, &a->filter);
        return r < 0 ? log_error_errno(r, "app %s: cannot read stage1/rootfs%s", a->name, path) : 0;
}

/* The first descriptor is the plan's. */
static int load_plan(const ControlOrder *o, Plan **ret) {
        _cleanup_free_ char *text = NULL, *error = NULL;
        _cleanup_plan_ Plan *p = NULL;
        size_t size;
        int r = o->n_descriptors == 0 ? -EBADMSG : read_fd(o->descriptors[0], PLAN_SIZE_MAX, &text, &size);
        if (r < 0)
                return log_error_errno(r, "app %s: cannot read its plan", o->app);
        r = plan_parse("plan", text, size, &p, &error);
        if (r < 0) {
                log_error("app %s: %s", o->app, error);
                return r;
        }
        if (p->n_apps != 1 || !streq(p->apps[0].name, o->app)) {
                log_error("app %s: its plan is not of this app alone", o->app);
                return -EBADMSG;
        }
        r = load_filter(&p->apps[0]);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}

typedef struct Taking {
        ControlOrder *order;
        size_t next;
} Taking;

static int take(int *fd, void *userdata) {
        Taking *t = userdata;
        *fd = -1;
        if (t->next >= t->order->n_descriptors)
                return -EBADMSG;
        *fd = TAKE_FD(t->order->descriptors[t->next]);
        t->next++;
        return 0;
}

/* Volumes that are device nodes may be opened. */
static void find_devices(const PlanApp *a, AppSources *s) {
        for (size_t i = 0; i < a->n_mounts; i++) {
                struct stat st;
                DeviceRule rule;
                if (s->mounts[i] < 0 || fstat(s->mounts[i], &st) < 0 ||
                                !device_rule_of(&st, !a->mounts[i].read_only, &rule))
                        continue;
                xgrow(&s->devices, s->n_devices);
                s->devices[s->n_devices++] = rule;
        }
}

static PodRoot sources_new(const Changes *c, const PlanApp *a) {
        PodRoot root = POD_ROOT_NONE;
        root.namespace = c->namespace;
        root.apps = xnew(AppSources, 1);
        root.apps->root = root.apps->credentials = -1;
        root.apps->mounts = xnew(int, a->n_mounts);
        for (size_t i = 0; i < a->n_mounts; i++)
                root.apps->mounts[i] = -1;
        return root;
}

static int attach_root(const PlanApp *a, AppSources *s) {
        _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return root < 0 ? log_error_errno(errno, "cannot open PID 1's root")
                        : pod_root_attach_app(root, a, s);
}

/* What PID 1 has where it can be seen. */
static void withdraw(const char *name) {
        _cleanup_free_ char *root = xasprintf(POD_ROOT_APP, name),
                            *namespace = xasprintf(APP_ROOT_NAMESPACES "/%s", name),
                            *environment = xasprintf("/rkt/env/%s", name);
        unlink(namespace);
        unlink(environment);
        if (umount2(root, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
                log_warning_errno(errno, "app %s: cannot unmount its root", name);
}

/* What apps that were there from the beginning got with the signal to go. */
static int complete(const Changes *c, App *a) {
        int r = app_root_use_network_dns(c->boot->plan, a->plan->name, &a->root);
        if (r >= 0 && c->metadata_url) {
                execution_set_variable(&a->environment, "AC_METADATA_URL", c->metadata_url);
                r = app_write_environment(a);
        }
        if (r >= 0 && c->agent)
                r = flavour.manager->add(c->agent, a);
        return r < 0 || !c->has_cgroups ? r : pod_cgroup_add(c->boot, a);
}

static int build(Changes *c, Plan *plan, PodRoot *root) {
        Boot b = *c->boot;
        App *a = NULL;
        b.plan = plan;
        b.sockets = NULL;
        b.credentials = false;
        find_devices(&plan->apps[0], root->apps);
        int r = attach_root(&plan->apps[0], root->apps);
        if (r < 0 || (r = pod_apps_add(c->apps, &b, root, 0, &a)) < 0)
                return r;
        a->own_plan = plan;
        a->phase = APP_DONE;
        r = complete(c, a);
        if (r >= 0)
                return 0;
        a->own_plan = NULL; /* the caller's again */
        if (a->cgroup >= 0)
                pod_cgroup_remove(a);
        pod_apps_remove(c->apps, a);
        return r;
}

int app_added(Changes *c, ControlOrder *o, char **ret_why) {
        _cleanup_plan_ Plan *plan = NULL;
        int r = load_plan(o, &plan);
        if (r >= 0) {
                PodRoot root = sources_new(c, &plan->apps[0]);
                r = pod_sources_foreach(&root, plan, take, &(Taking){ .order = o, .next = 1 });
                if (r >= 0)
                        r = build(c, plan, &root);
                if (r < 0)
                        withdraw(o->app);
                pod_sources_close(&root, plan);
        }
        if (r < 0) {
                *ret_why = xasprintf("the pod's PID 1 cannot set it up, and has said why where it was "
                                     "started: %s",
                                strerror(-r));
                return r;
        }
        TAKE_PTR(plan);
        return 0;
}

void app_removed(Changes *c, App *a) {
        if (a->agent)
                flavour.manager->remove(a->agent, a);
        withdraw(a->plan->name);
        pod_apps_remove(c->apps, a);
}
