/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod-cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "cgroup2.h"
#include "devices.h"
#include "log.h"
#include "pod-cgroup-mounts.h"
#include "pod-limits.h"

/* Passes the controllers down to the apps that limits are for. Fails where the host has one in cgroup v1, or
 * not at all: set_limit says what that leaves out. */
static void enable_controllers(int root, const PlanLimits *l) {
        for (size_t i = 0; i < l->n; i++) {
                const char *file = l->items[i].file;
                _cleanup_free_ char *text = xasprintf("+%.*s", (int) strcspn(file, "."), file);
                cgroup2_write(root, "cgroup.subtree_control", text);
        }
}

static int set_limits(const App *a, bool private_users) {
        _cleanup_free_ char *whose = xasprintf("app %s", a->plan->name);
        for (size_t i = 0; i < a->plan->limits.n; i++) {
                /* those of v1 are the outer supervisor's in a user namespace: their files are not ours */
                if (private_users && cgroup1_exists(&a->cgroup1))
                        break;
                int r = pod_limit_write(&a->plan->limits.items[i], whose, a->cgroup, &a->cgroup1);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Without it, what an app makes in its /dev could be opened: that is closed to writing then. */
static void set_device_policy(const Plan *p, App *a) {
        if (plan_app_has_all_devices(a->plan))
                return;
        if (p->users.count > 0) {
                /* nobody in a user namespace can make a device; what may be opened, the outer supervisor has
                 * said */
                a->devices_guarded = true;
                return;
        }
        int r = a->cgroup1.fds[CGROUP1_SYSTEMD] >= 0 ? device_policy_write(a->devices, a->n_devices,
                                                                       a->cgroup1.fds[CGROUP1_DEVICES])
                : a->device_policy < 0               ? a->device_policy
                                                     : device_policy_attach(a->device_policy, a->cgroup);
        if (r < 0)
                log_warning_errno(r, "app %s: no device policy on this host, making its /dev read-only",
                                a->plan->name);
        a->devices_guarded = r >= 0;
        if (a->device_policy >= 0 && !a->agent)
                close(TAKE_FD(a->device_policy));
}

char *pod_cgroup_of_app(const char *name) {
        return xasprintf("app-%s", name);
}

static int open_app(const Plan *p, App *a, int root) {
        _cleanup_free_ char *name = pod_cgroup_of_app(a->plan->name);
        a->cgroup = cgroup2_create_at(root, name);
        int r = a->cgroup < 0 ? a->cgroup : cgroup1_create(name, &a->cgroup1);
        if (r < 0)
                return log_error_errno(r, "app %s: cannot create its cgroup", a->plan->name);
        set_device_policy(p, a);
        return set_limits(a, p->users.count > 0);
}

int pod_cgroup_of_unit(const Plan *p, App *a) {
        struct stat now, before = {};
        _cleanup_free_ char *path = xasprintf(CGROUP_ROOT "/app-%s.service", a->plan->name);
        _cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &now) < 0)
                return log_error_errno(errno, "app %s: cannot open its cgroup", a->plan->name);
        if (a->cgroup >= 0 && fstat(a->cgroup, &before) >= 0 && before.st_ino == now.st_ino)
                return 0;
        if (a->cgroup >= 0)
                close(a->cgroup);
        a->cgroup = TAKE_FD(fd);
        a->oom_kills = 0;
        set_device_policy(p, a);
        return set_limits(a, p->users.count > 0);
}

int pod_cgroup_unit_is_gone(const App *a) {
        _cleanup_free_ char *path = xasprintf(CGROUP_ROOT "/app-%s.service", a->plan->name);
        return access(path, F_OK) >= 0 ? -EBUSY : errno == ENOENT ? 0 : -errno;
}

/* Controllers are only passed down from a cgroup that holds no process; else the outer supervisor moves us,
 * when nobody waits for it. */
static int pass_down(const Plan *p, App *const *apps, size_t n, int root, int supervisor) {
        int r = cgroup2_attach(supervisor, 0);
        if (r < 0)
                return log_error_errno(r, "cannot move PID 1 to the pod's cgroup " POD_CGROUP_SUPERVISOR);
        /* the pod's own, too: then the kernel tells by app what it did because of them */
        enable_controllers(root, &p->limits);
        for (size_t i = 0; i < n; i++)
                enable_controllers(root, &apps[i]->plan->limits);
        return 0;
}

int pod_cgroup_open(const Boot *b, App *const *apps, size_t n, int *ret_supervisor) {
        const Plan *p = b->plan;
        int r = pod_cgroup_mount(p, b->cgroups);
        if (r < 0)
                return log_error_errno(r, "cannot mount the pod's cgroup");
        _cleanup_close_ int root = cgroup_open("/"), supervisor = -1;
        if (root < 0)
                return log_error_errno(root, "cannot open the pod's cgroup");
        if (b->cgroups != CGROUP_LEGACY && (supervisor = cgroup2_create_at(root, POD_CGROUP_SUPERVISOR)) < 0)
                return log_error_errno(supervisor, "cannot create the pod's cgroup " POD_CGROUP_SUPERVISOR);
        if (supervisor >= 0 && plan_has_limits(p) && (r = pass_down(p, apps, n, root, supervisor)) < 0)
                return r;
        for (size_t i = 0; i < n; i++)
                if ((r = open_app(p, apps[i], root)) < 0)
                        return r;
        *ret_supervisor = TAKE_FD(supervisor);
        return 0;
}

int pod_cgroup_add(const Boot *b, App *a) {
        _cleanup_close_ int root = cgroup_open("/");
        if (root < 0)
                return log_error_errno(root, "cannot open the pod's cgroup");
        if (b->cgroups != CGROUP_LEGACY)
                enable_controllers(root, &a->plan->limits);
        return open_app(b->plan, a, root);
}

int pod_cgroup_remove(App *a) {
        _cleanup_free_ char *name = pod_cgroup_of_app(a->plan->name), *path = xasprintf("/%s", name);
        _cleanup_close_ int root = cgroup_open("/");
        if (root < 0)
                return log_error_errno(root, "cannot open the pod's cgroup");
        cgroup2_kill(a->cgroup);
        /* for those in cgroups of its own, where the kernel can */
        cgroup2_write(a->cgroup, "cgroup.kill", "1");
        int r = cgroup2_remove_at(root, name);
        if (r >= 0)
                r = cgroup1_remove(path);
        if (r < 0)
                return r;
        close(TAKE_FD(a->cgroup));
        cgroup1_done(&a->cgroup1);
        a->cgroup1 = CGROUP1_NONE;
        return 0;
}
