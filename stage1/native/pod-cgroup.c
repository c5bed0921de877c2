/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod-cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include "alloc.h"
#include "cgroup2.h"
#include "devices.h"
#include "log.h"
#include "mounts.h"
#include "pod-limits.h"
#include "pod-root.h"

#define MOUNT_POINT "/sys/fs/cgroup"

static int mount_cgroup(void) {
        const char *const options[] = { "source", "cgroup2", NULL };
        if (unshare(CLONE_NEWCGROUP) < 0)
                return -errno;
        _cleanup_close_ int fd = mount_create("cgroup2", options, POD_ROOT_SYS_ATTRIBUTES, NULL);
        return fd < 0 ? fd : mount_attach_at(fd, AT_FDCWD, MOUNT_POINT);
}

/* Passes the controllers down to the apps that limits are for. Fails where the host has one in cgroup v1, or
 * not at all: set_limit says what that leaves out. */
static void enable_controllers(int root, const PlanLimits *l) {
        for (size_t i = 0; i < l->n; i++) {
                const char *file = l->items[i].file;
                _cleanup_free_ char *text = xasprintf("+%.*s", (int) strcspn(file, "."), file);
                cgroup2_write(root, "cgroup.subtree_control", text);
        }
}

static int set_limits(const App *a) {
        _cleanup_free_ char *whose = xasprintf("app %s", a->plan->name);
        for (size_t i = 0; i < a->plan->limits.n; i++) {
                int r = pod_limit_write(&a->plan->limits.items[i], whose, a->cgroup);
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
                /* nobody in a user namespace can make a device; what may be opened, the outer supervisor has said */
                a->devices_guarded = true;
                return;
        }
        int r = a->device_policy < 0 ? a->device_policy : device_policy_attach(a->device_policy, a->cgroup);
        if (r < 0)
                log_warning_errno(r, "app %s: no device policy on this host, making its /dev read-only",
                                a->plan->name);
        a->devices_guarded = r >= 0;
        if (a->device_policy >= 0)
                close(TAKE_FD(a->device_policy));
}

char *pod_cgroup_of_app(const char *name) {
        return xasprintf("app-%s", name);
}

static int open_app(const Plan *p, App *a, int root) {
        _cleanup_free_ char *name = pod_cgroup_of_app(a->plan->name);
        a->cgroup = cgroup2_create_at(root, name);
        if (a->cgroup < 0)
                return log_error_errno(a->cgroup, "app %s: cannot create its cgroup", a->plan->name);
        set_device_policy(p, a);
        return set_limits(a);
}

int pod_cgroup_open(const Plan *p, App *const *apps, size_t n) {
        int r = mount_cgroup();
        if (r < 0)
                return log_error_errno(r, "cannot mount the pod's cgroup");
        _cleanup_close_ int root = open(MOUNT_POINT, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
                return log_error_errno(errno, "cannot open the pod's cgroup");
        _cleanup_close_ int supervisor = cgroup2_create_at(root, POD_CGROUP_SUPERVISOR);
        if (supervisor < 0)
                return log_error_errno(supervisor, "cannot create the pod's cgroup " POD_CGROUP_SUPERVISOR);

        if (plan_has_limits(p)) {
                /* controllers are only passed down from a cgroup that holds no process; else the outer
                 * supervisor moves us, when nobody waits for it */
                if ((r = cgroup2_attach(supervisor, 0)) < 0)
                        return log_error_errno(
                                        r, "cannot move PID 1 to the pod's cgroup " POD_CGROUP_SUPERVISOR);
                /* the pod's own, too: then the kernel tells by app what it did because of them */
                enable_controllers(root, &p->limits);
                for (size_t i = 0; i < n; i++)
                        enable_controllers(root, &apps[i]->plan->limits);
        }
        for (size_t i = 0; i < n; i++)
                if ((r = open_app(p, apps[i], root)) < 0)
                        return r;
        return TAKE_FD(supervisor);
}
