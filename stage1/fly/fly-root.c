/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fly-root.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include "alloc.h"
#include "app-volumes.h"
#include "file.h"
#include "log.h"
#include "mounts.h"
#include "overlay.h"
#include "strv.h"
#include "target.h"
#include "volume-fill.h"
#include "volume-tmpfs.h"

/* rkt's fly mounts on the host itself. This does it in a mount namespace of the pod, which goes away with
 * the pod and leaves nothing to unmount; and what is the host's stays in its peer group: what the app mounts
 * there the host sees, and the other way round, as agents of a host count on. */

typedef struct Building {
        const Plan *plan;
        const PlanApp *app;
        int pod;  /* the pod's directory */
        int root; /* the app's */
        int kernel[3];
        int resolv_conf, hosts; /* what is to be seen in /etc; or -1 */
        AppSources volumes;
} Building;

static const char *const kernel_paths[] = { "/dev", "/proc", "/sys" };

static int fail(const Building *b, int error, const char *what, const char *path) {
        return log_error_errno(error, "app %s: cannot %s %s", b->app->name, what, path);
}

static int open_volume(const Building *b, const PlanMount *m) {
        _cleanup_close_ int fd = mount_clone(b->pod, m->source, m->recursive);
        int r = fd < 0 || !m->read_only ? 0 : mount_restrict(fd, "", m->recursive, MOUNT_ATTR_RDONLY, 0);
        if (fd < 0 || r < 0)
                return log_error_errno(fd < 0 ? fd : r, "app %s: volume \"%s\": cannot open %s",
                                b->app->name, m->volume, m->source);
        return TAKE_FD(fd);
}

/* With shared, those that stay connected with the host: what it mounts below a read-only one would not be
 * read-only, so these are cut off before they are taken, and the pod's own have nothing to be connected
 * with. */
static int open_volumes(Building *b, bool shared) {
        for (size_t i = 0; i < b->app->n_mounts; i++) {
                const PlanMount *m = &b->app->mounts[i];
                bool is_shared = m->source && m->source[0] == '/' && !m->read_only;
                if (is_shared != shared)
                        continue;
                int fd = m->source ? open_volume(b, m) : -1;
                if (m->source && fd < 0)
                        return fd;
                b->volumes.mounts[i] = fd;
        }
        return 0;
}

static int open_kernel(Building *b) {
        for (size_t i = 0; i < ELEMENTSOF(kernel_paths); i++) {
                b->kernel[i] = mount_clone(AT_FDCWD, kernel_paths[i], true);
                if (b->kernel[i] < 0)
                        return fail(b, b->kernel[i], "open the host's", kernel_paths[i]);
        }
        return 0;
}

static int open_etc_file(
                const Building *b, PlanFile mode, const char *host, const char *prepared, int *ret) {
        const char *path = mode == PLAN_FILE_HOST ? host : mode == PLAN_FILE_STAGE0 ? prepared : NULL;
        *ret = -1;
        if (!path)
                return 0;
        *ret = mount_clone(b->pod, path, false);
        int r = *ret < 0 || path != host ? *ret : mount_restrict(*ret, "", false, MOUNT_ATTR_RDONLY, 0);
        return r < 0 ? fail(b, r, "open", path) : 0;
}

static int make_private(const Building *b) {
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return fail(b, -errno, "separate from the host's mounts", "/");
        return 0;
}

static int mount_tmpfs_volumes(const Building *b) {
        for (size_t i = 0; i < b->plan->n_volumes; i++) {
                const PlanVolume *v = &b->plan->volumes[i];
                int r = v->tmpfs ? volume_tmpfs_mount(v, b->pod, 0, NULL) : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}

/* While the host's mounts can still be reached. */
static int open_sources(Building *b) {
        int r;
        if ((r = open_kernel(b)) < 0 || (r = open_volumes(b, true)) < 0 || (r = make_private(b)) < 0 ||
                        (r = mount_tmpfs_volumes(b)) < 0 || (r = open_volumes(b, false)) < 0 ||
                        (r = open_etc_file(b, b->plan->resolv_conf, "/etc/resolv.conf",
                                         "stage1/rootfs/etc/rkt-resolv.conf", &b->resolv_conf)) < 0)
                return r;
        return open_etc_file(b, b->plan->hosts, "/etc/hosts", "stage1/rootfs/etc/rkt-hosts", &b->hosts);
}

static void close_sources(Building *b) {
        for (size_t i = 0; i < b->app->n_mounts; i++)
                if (b->volumes.mounts[i] >= 0)
                        close(b->volumes.mounts[i]);
        free(b->volumes.mounts);
        for (size_t i = 0; i < ELEMENTSOF(b->kernel); i++)
                if (b->kernel[i] >= 0)
                        close(b->kernel[i]);
        if (b->resolv_conf >= 0)
                close(b->resolv_conf);
        if (b->hosts >= 0)
                close(b->hosts);
}

static int attach_root(Building *b) {
        const PlanRoot *root = &b->app->root;
        _cleanup_free_ char *why = NULL;
        _cleanup_free_ char *place = xasprintf("stage1/rootfs/opt/stage2/%s/rootfs", b->app->name);
        _cleanup_close_ int fd = root->kind == PLAN_ROOT_OVERLAY
                                                 ? overlay_mount(b->pod, root->lower, root->upper,
                                                                   root->work, 0, NULL, &why)
                                                 : mount_clone(b->pod, root->path, false);
        if (fd < 0)
                return log_error_errno(fd, "app %s: cannot mount its root%s%s", b->app->name,
                                why ? ": " : "", why ?: "");
        int r = mount_attach_at(fd, b->pod, place);
        if (r < 0)
                return fail(b, r, "mount its root at", place);
        b->root = TAKE_FD(fd);
        return 0;
}

static int put(const Building *b, int mount, const char *path, TargetKind kind) {
        _cleanup_close_ int target = target_open(b->root, path, kind);
        if (target < 0)
                return fail(b, target, "open the mount point", path);
        int r = mount_attach(mount, target);
        return r < 0 ? fail(b, r, "mount", path) : 0;
}

static int put_tmp(const Building *b) {
        const char *const options[] = { "source", "tmpfs", "mode", "1777", NULL };
        _cleanup_close_ int fd = mount_create("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, NULL);
        return fd < 0 ? fail(b, fd, "make what is mounted at", "/tmp")
                      : put(b, fd, "/tmp", TARGET_DIRECTORY);
}

static int fill(const Building *b) {
        int r = put_tmp(b);
        for (size_t i = 0; i < ELEMENTSOF(kernel_paths) && r >= 0; i++)
                r = put(b, b->kernel[i], kernel_paths[i], TARGET_DIRECTORY);
        if (r >= 0)
                r = app_volumes_mount(b->root, b->app, &b->volumes);
        if (r >= 0 && b->resolv_conf >= 0)
                r = put(b, b->resolv_conf, "/etc/resolv.conf", TARGET_FILE);
        if (r >= 0 && b->hosts >= 0)
                r = put(b, b->hosts, "/etc/hosts", TARGET_FILE);
        if (r < 0 || !b->app->root.read_only)
                return r;
        r = mount_restrict(b->root, "", false, MOUNT_ATTR_RDONLY, 0);
        return r < 0 ? fail(b, r, "make read-only", "/") : 0;
}

static int build(Building *b) {
        int r;
        /* the working directory came along into the new mount namespace, descriptors did not */
        _cleanup_close_ int pod = b->pod = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (pod < 0)
                return fail(b, -errno, "open", "the pod's directory");
        if ((r = open_sources(b)) < 0 || (r = attach_root(b)) < 0 ||
                        (r = volume_fill(b->app, b->root, b->volumes.mounts)) < 0 || (r = fill(b)) < 0)
                return r;
        r = mount_pivot(b->root);
        return r < 0 ? fail(b, r, "enter", "its root") : 0;
}

int fly_root_enter(const Plan *p, FlyRoot *ret) {
        Building b = {
                .plan = p,
                .app = &p->apps[0],
                .root = -1,
                .kernel = { -1, -1, -1 },
                .resolv_conf = -1,
                .hosts = -1,
        };
        if (unshare(CLONE_NEWNS) < 0)
                return fail(&b, -errno, "make", "its mount namespace");
        _cleanup_close_ int namespace = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        if (namespace < 0)
                return fail(&b, -errno, "open", "/proc/self/ns/mnt");
        b.volumes.mounts = xnew(int, b.app->n_mounts + 1);
        for (size_t i = 0; i < b.app->n_mounts; i++)
                b.volumes.mounts[i] = -1;
        int r = build(&b);
        close_sources(&b);
        if (r < 0)
                return r;
        *ret = (FlyRoot){ .namespace = TAKE_FD(namespace), .root = b.root };
        return 0;
}
