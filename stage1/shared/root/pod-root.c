/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod-root.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "devices.h"
#include "file.h"
#include "incoming.h"
#include "log.h"
#include "masks.h"
#include "mounts.h"
#include "name-value.h"
#include "namespaces.h"
#include "pod-sources.h"
#include "private-users.h"
#include "strv.h"

#define BASIC_ATTRIBUTES (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

/* The roots of the apps need not be put in place by name: whoever owns stage1/rootfs is root. */
int pod_root_attach_app(int root, const PlanApp *a, AppSources *s) {
        _cleanup_close_ int fd = TAKE_FD(s->root);
        _cleanup_free_ char *path = xasprintf(POD_ROOT_APP, a->name);
        int r = mkdir_parents_at(root, path + 1, 0755);
        if (r >= 0)
                r = mount_attach_at(fd, root, path + 1);
        /* What is mounted here later, by machinectl bind, the app sees. */
        if (r >= 0)
                r = mount_share(fd);
        return r < 0 ? log_error_errno(r, "app %s: cannot attach its root", a->name) : 0;
}

static int attach_app_roots(const Plan *plan, PodRoot *p) {
        int r = 0;
        for (size_t i = 0; i < plan->n_apps && r >= 0; i++)
                r = pod_root_attach_app(p->root, &plan->apps[i], &p->apps[i]);
        return r;
}

static int attach_new(const char *type, const char *const *options, uint64_t attributes, int root,
                const char *path) {
        _cleanup_close_ int fd = mount_create(type, options, attributes, NULL);
        int r = fd < 0 ? fd : mount_attach_at(fd, root, path);
        return r < 0 ? log_error_errno(r, "cannot mount %s at /%s of the pod", type, path) : 0;
}

static int attach_dev(const Boot *b, int root) {
        const char *label = b->plan->selinux_mount_context;
        const char *const tmpfs[] = { "source", "dev", "mode", "0755", "size", "64k", MOUNT_LABEL(label),
                NULL };
        const char *const shm[] = { "source", "shm", "mode", "1777", MOUNT_LABEL(label), NULL };
        int r = attach_new("tmpfs", tmpfs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, root, "dev");
        if (r < 0)
                return r;
        _cleanup_close_ int dev = openat(root, "dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int pts = devices_create_pts(label);
        if (dev < 0 || (r = devices_populate(dev)) < 0)
                return log_error_errno(dev < 0 ? -errno : r, "cannot make the pod's devices");
        if (pts < 0 || (r = mount_attach_at(pts, dev, "pts")) < 0)
                return log_error_errno(pts < 0 ? pts : r, "cannot mount the pod's devpts");
        if (b->plan->private_ipc)
                return attach_new("tmpfs", shm, BASIC_ATTRIBUTES | MOUNT_ATTR_NOEXEC, root, "dev/shm");

        _cleanup_close_ int host = mount_clone(AT_FDCWD, "/dev/shm", false);
        r = host < 0 ? host : mount_attach_at(host, dev, "shm");
        return r < 0 ? log_error_errno(r, "cannot share the host's /dev/shm") : 0;
}

static int attach_mask(const Boot *b, int root) {
        _cleanup_close_ int fd = mask_create(b->plan->selinux_mount_context);
        int r = fd;
        if (r >= 0)
                r = mkdir_parents_at(root, POD_ROOT_MASK + 1, 0755);
        if (r >= 0)
                r = mount_attach_at(fd, root, POD_ROOT_MASK + 1);
        return r < 0 ? log_error_errno(r, "cannot mount the cover for hidden paths") : 0;
}

static int set_identity(const Boot *b) {
        if (sethostname(b->plan->hostname, strlen(b->plan->hostname)) < 0)
                return log_error_errno(errno, "cannot set the hostname %s", b->plan->hostname);
        int r = b->plan->net != PLAN_NET_HOST ? namespaces_loopback_up() : 0;
        return r < 0 ? log_error_errno(r, "cannot bring up the pod's lo") : 0;
}

/* Those of a user namespace's IPC belong to the host's root or, in newer kernels, to its own. */
static int write_parameter(const char *path, const char *value, const IdRange *users) {
        int r = write_string_at(AT_FDCWD, path, value, 0);
        if (r != -EACCES || users->count == 0 || seteuid(users->shift) < 0)
                return r;
        r = write_string_at(AT_FDCWD, path, value, 0);
        return seteuid(0) < 0 ? -errno : r;
}

/* The pod's namespaces are there, and the plan names no parameter of any other. */
int pod_root_set_sysctl(const Plan *p, bool outside) {
        STRV_FOREACH (s, p->sysctl) {
                if (outside != (p->users.count > 0 && !startswith(*s, "net/")))
                        continue;
                _cleanup_free_ char *name = NULL, *value = NULL;
                int r = name_value_split(*s, &name, &value);
                _cleanup_free_ char *path = xasprintf("/proc/sys/%s", name);
                if (r >= 0 && access(path, F_OK) < 0)
                        r = -errno;
                if (r < 0 || (r = write_parameter(path, value, &p->users)) < 0)
                        return log_error_errno(
                                        r, "cannot set the kernel parameter %s to \"%s\"", name, value);
        }
        return 0;
}

/* A user namespace has no sysfs of the host's network: it has been brought along. */
static int attach_sys(PodRoot *p) {
        const char *const options[] = { "source", "sysfs", NULL };
        if (p->sys < 0)
                return attach_new("sysfs", options, POD_ROOT_SYS_ATTRIBUTES, p->root, "sys");
        _cleanup_close_ int fd = TAKE_FD(p->sys);
        int r = mount_attach_at(fd, p->root, "sys");
        return r < 0 ? log_error_errno(r, "cannot mount sysfs at /sys of the pod") : 0;
}

static int attach_incoming(PodRoot *p) {
        _cleanup_close_ int fd = TAKE_FD(p->incoming);
        int r = fd < 0 ? 0 : mkdir_parents_at(p->root, INCOMING_PATH, 0700);
        if (fd >= 0 && r >= 0)
                r = mount_attach_at(fd, p->root, INCOMING_PATH);
        return r < 0 ? log_error_errno(r, "cannot mount /" INCOMING_PATH " of the pod") : 0;
}

static int populate(const Boot *b, PodRoot *p) {
        const char *const proc[] = { "source", "proc", NULL };
        const char *const run[] = { "source", "run", "mode", "0755",
                MOUNT_LABEL(b->plan->selinux_mount_context), NULL };
        int r;
        if ((r = attach_new("proc", proc, POD_ROOT_SYS_ATTRIBUTES, p->root, "proc")) < 0 ||
                        (r = attach_sys(p)) < 0 ||
                        (r = attach_new("tmpfs", run, BASIC_ATTRIBUTES, p->root, "run")) < 0 ||
                        (r = attach_incoming(p)) < 0 || (r = attach_dev(b, p->root)) < 0)
                return r;
        return attach_mask(b, p->root);
}

/* For the moment on top of the host's: it must be a mount of this namespace to become the root. */
static int attach_root(const PodRoot *p) {
        int r = mount_attach_at(p->root, AT_FDCWD, "/");
        return r < 0 ? log_error_errno(r, "cannot mount the pod's root") : 0;
}

int pod_root_enter(const Boot *b, PodRoot *ret) {
        PodRoot p = POD_ROOT_NONE;
        int r = b->sources < 0 ? pod_sources_open(b, &p) : private_users_receive(b, &p);
        if (r < 0)
                return r;
        _cleanup_close_ int root = p.root;
        if ((r = attach_root(&p)) < 0 || (r = attach_app_roots(b->plan, &p)) < 0 ||
                        (r = populate(b, &p)) < 0 || (r = set_identity(b)) < 0)
                return r;
        if ((r = mount_pivot(root)) < 0)
                return log_error_errno(r, "cannot make stage1/rootfs the root of the pod");
        if ((r = pod_root_set_sysctl(b->plan, false)) < 0)
                return r;

        p.namespace = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        if (p.namespace < 0)
                return log_error_errno(errno, "cannot open the pod's mount namespace");
        *ret = p;
        return 0;
}
