/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app-root.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>

#include "alloc.h"
#include "app-credentials.h"
#include "app-volumes.h"
#include "devices.h"
#include "file.h"
#include "incoming.h"
#include "log.h"
#include "masks.h"
#include "mounts.h"
#include "notify.h"
#include "strv.h"
#include "target.h"
#include "users.h"

#define NETWORK_PARAMETERS "/proc/sys/net"

typedef struct Building {
        const Boot *boot;
        const PodRoot *pod;
        const PlanApp *app;
        const AppSources *sources;
        size_t number; /* of its socket for notifications */
        int root;      /* of the app */
} Building;

static int fail(const Building *b, int error, const char *what, const char *path) {
        return log_error_errno(error, "app %s: cannot %s %s", b->app->name, what, path);
}

/* Puts a detached mount at a place of the image, which is created if it is missing. */
static int put(const Building *b, int mount, const char *path, TargetKind kind) {
        if (mount < 0)
                return fail(b, mount, "make what is mounted at", path);
        _cleanup_close_ int target = target_open(b->root, path, kind);
        if (target < 0)
                return fail(b, target, "open the mount point", path);
        int r = mount_attach(mount, target);
        return r < 0 ? fail(b, r, "mount", path) : 0;
}

/* A copy of something in PID 1's root. */
static int put_copy(const Building *b, const char *source, const char *path, TargetKind kind,
                uint64_t attributes) {
        _cleanup_close_ int mount = mount_clone(AT_FDCWD, source, false);
        int r = mount < 0 || attributes == 0 ? 0 : mount_restrict(mount, "", false, attributes, 0);
        return put(b, r < 0 ? r : mount, path, kind);
}

static int put_dev(const Building *b) {
        const char *const options[] = { "source", "dev", "mode", "0755", "size", "64k",
                MOUNT_LABEL(b->app->selinux_mount_context), NULL };
        _cleanup_close_ int mount =
                        mount_create("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, NULL);
        int r = put(b, mount, "/dev", TARGET_DIRECTORY);
        if (r < 0)
                return r;
        r = devices_populate(mount);
        if (r < 0)
                return fail(b, r, "make the devices in", "/dev");
        if ((r = put_copy(b, "/dev/pts", "/dev/pts", TARGET_DIRECTORY, 0)) < 0)
                return r;
        if ((r = put_copy(b, "/dev/shm", "/dev/shm", TARGET_DIRECTORY, 0)) < 0 || !*b->pod->console)
                return r;
        return put_copy(b, b->pod->console, "/dev/console", TARGET_FILE, 0);
}

static int put_kernel(const Building *b) {
        const char *const proc_options[] = { "source", "proc", NULL }, *const sysfs_options[] = { "source",
                "sysfs", NULL };
        /* with "paths" insecure, the app may write what the kernel lets it */
        uint64_t read_only = b->app->read_only_paths ? MOUNT_ATTR_RDONLY : 0;
        _cleanup_close_ int proc = mount_create("proc", proc_options, POD_ROOT_SYS_ATTRIBUTES, NULL);
        int r = put(b, proc, "/proc", TARGET_DIRECTORY);
        if (r < 0)
                return r;
        if (b->boot->plan->users.count > 0)
                return put_copy(b, "/sys", "/sys", TARGET_DIRECTORY, read_only);
        _cleanup_close_ int sys =
                        mount_create("sysfs", sysfs_options, POD_ROOT_SYS_ATTRIBUTES | read_only, NULL);
        return put(b, sys, "/sys", TARGET_DIRECTORY);
}

static int hide_paths(const Building *b) {
        _cleanup_close_ int mask = open(POD_ROOT_MASK, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (mask < 0)
                return fail(b, -errno, "open", POD_ROOT_MASK);
        STRV_FOREACH (path, b->app->read_only_paths) {
                int r = mask_read_only(b->root, *path);
                if (r < 0)
                        return fail(b, r, "make read-only", *path);
        }
        STRV_FOREACH (path, b->app->masked_paths) {
                int r = mask_cover(b->root, *path, mask);
                if (r < 0)
                        return fail(b, r, "hide", *path);
        }
        return 0;
}

/* A system sets up the network that is its own. */
static int hide_paths_of_system(const Building *b) {
        _cleanup_close_ int target = target_find(b->root, NETWORK_PARAMETERS);
        _cleanup_close_ int parameters = target < 0 ? -1 : mount_clone(target, "", false);
        int r = hide_paths(b);
        return r < 0 || parameters < 0 || b->boot->plan->net == PLAN_NET_HOST
                               ? r
                               : put(b, parameters, NETWORK_PARAMETERS, TARGET_DIRECTORY);
}

static bool image_has(const Building *b, const char *path) {
        _cleanup_close_ int fd = target_find(b->root, path);
        return fd >= 0;
}

/* hosts and resolv.conf as --dns-conf-mode says. */
static int put_etc_file(const Building *b, PlanFile mode, int host, const char *prepared, const char *path) {
        switch (mode) {
        case PLAN_FILE_HOST: return put(b, host, path, TARGET_FILE);
        case PLAN_FILE_STAGE0: return put_copy(b, prepared, path, TARGET_FILE, 0);
        default: return 0;
        }
}

/* After the volumes: what the command line asks for wins over them, and what they bring over our defaults.
 */
static int put_etc(const Building *b) {
        const Plan *plan = b->boot->plan;
        int r = put_etc_file(b, plan->resolv_conf, b->pod->resolv_conf, "/etc/rkt-resolv.conf",
                        "/etc/resolv.conf");
        if (r >= 0)
                r = put_etc_file(b, plan->hosts, b->pod->hosts, "/etc/rkt-hosts", "/etc/hosts");
        if (r < 0 || plan->hosts != PLAN_FILE_DEFAULT || image_has(b, "/etc/hosts"))
                return r;
        _cleanup_close_ int target = target_open(b->root, "/etc/hosts", TARGET_FILE);
        if (target == -EROFS)
                return 0; /* a read-only volume: it can be done without */
        return put_copy(b, "/etc/hosts-fallback", "/etc/hosts", TARGET_FILE, 0);
}

/* What programs expect and an image may lack. */
static int complete_image(const Building *b) {
        bool has_tmp = image_has(b, "/tmp");
        _cleanup_close_ int tmp = target_open(b->root, "/tmp", TARGET_DIRECTORY);
        if (tmp >= 0 && !has_tmp && fchmodat(tmp, ".", 01777, 0) < 0)
                return fail(b, -errno, "create", "/tmp");
        _cleanup_close_ int etc = target_find(b->root, "/etc");
        if (etc >= 0 && symlinkat("../proc/self/mounts", etc, "mtab") < 0 && errno != EEXIST &&
                        errno != ENOTDIR && errno != EROFS)
                return fail(b, -errno, "create", "/etc/mtab");
        return 0;
}

/* After the volumes: one at /run must not hide what the app is told to use. */
static int put_notify(const Building *b) {
        if (!b->app->life.notify)
                return 0;
        _cleanup_free_ char *path = xasprintf(NOTIFY_PATH, b->number);
        return put_copy(b, path, PLAN_NOTIFY_SOCKET, TARGET_FILE, 0);
}

/* After the volumes, too. An app whose user is not to be found does not start anyway. */
static int put_credentials(const Building *b) {
        _cleanup_(user_done) User user = {};
        _cleanup_free_ char *problem = NULL;
        if (!b->boot->credentials ||
                        user_resolve(b->root, b->app->user, b->app->group, NULL, &user, &problem) < 0)
                return 0;
        int r = credentials_give(b->sources->credentials, user.uid, user.gid);
        return put(b, r < 0 ? r : b->sources->credentials,
                        b->boot->plan->own_init ? APP_ROOT_HOST_CREDENTIALS : CREDENTIALS_PATH,
                        TARGET_DIRECTORY);
}

/* The pod's journal, and its name. */
static int put_pod_files(const Building *b) {
        int r = put_copy(b, "/run/systemd/journal", "/run/systemd/journal", TARGET_DIRECTORY,
                        MOUNT_ATTR_RDONLY);
        return r < 0 ? r : put_copy(b, "/etc/hostname", "/etc/hostname", TARGET_FILE, MOUNT_ATTR_RDONLY);
}

static int put_run(const Building *b) {
        const char *const options[] = { "source", "run", "mode", "0755",
                MOUNT_LABEL(b->app->selinux_mount_context), NULL };
        _cleanup_close_ int mount =
                        mount_create("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, NULL);
        return put(b, mount, "/run", TARGET_DIRECTORY);
}

/* In its own files, not on top of them: it may want to change them. What the image has there may be a link
 * to anything, also outside of its root: that is replaced, not followed. */
static int write_identity(const Building *b) {
        static const char *const names[] = { "machine-id", "hostname" };
        _cleanup_close_ int etc = target_open(b->root, "/etc", TARGET_DIRECTORY);
        int r = MIN(etc, 0);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *path = xasprintf("/etc/%s", names[i]), *text = NULL;
                r = read_file_at(AT_FDCWD, path, 4096, &text, NULL);
                if (r >= 0)
                        r = replace_file_at(etc, names[i], text, strlen(text), 0444, false);
        }
        return r < 0 ? fail(b, r, "write what identifies the pod in", "/etc") : 0;
}

/* Not the host's, whose journal would take the pod's boots for its own. */
static int put_boot_id(const Building *b) {
        char uuid[UUID_STRING_SIZE];
        uuid_new(uuid);
        _cleanup_free_ char *text = xasprintf("%s\n", uuid);
        int r = write_string_at(AT_FDCWD, "/run/rkt/boot-id", text, 0444);
        return r < 0 ? fail(b, r, "write", "/run/rkt/boot-id")
                     : put_copy(b, "/run/rkt/boot-id", "/proc/sys/kernel/random/boot_id", TARGET_FILE,
                                       MOUNT_ATTR_RDONLY);
}

/* What a system that is booted has of its host: systemd.io/CONTAINER_INTERFACE. Its journal is where the
 * host finds it. */
static int put_system(const Building *b) {
        _cleanup_free_ char *notify = xasprintf(NOTIFY_PATH, b->number);
        int r = write_identity(b);
        if (r >= 0)
                r = put_boot_id(b);
        if (r >= 0)
                r = put_copy(b, "/var/log/journal", "/var/log/journal", TARGET_DIRECTORY, 0);
        if (r >= 0)
                r = put_copy(b, notify, APP_ROOT_HOST_NOTIFY, TARGET_FILE, 0);
        if (r < 0 || access("/" INCOMING_PATH, F_OK) < 0)
                return r;
        return put_copy(b, "/" INCOMING_PATH, "/" INCOMING_PATH, TARGET_DIRECTORY, 0);
}

static int fill(const Building *b) {
        bool system = b->boot->plan->own_init;
        int r;
        /* hidden before the volumes come: only what is ours is covered, and one at /sys is seen as it is */
        if ((r = complete_image(b)) < 0 || (system && (r = put_run(b)) < 0) || (r = put_kernel(b)) < 0 ||
                        (r = system ? hide_paths_of_system(b) : hide_paths(b)) < 0 || (r = put_dev(b)) < 0 ||
                        (r = system ? put_system(b) : put_pod_files(b)) < 0 ||
                        (r = app_volumes_mount(b->root, b->app, b->sources)) < 0 ||
                        (r = put_notify(b)) < 0 || (r = put_credentials(b)) < 0)
                return r;
        return put_etc(b);
}

/* What a manager mounts is to come to its services: in a container, systemd relies on that. But from where
 * the host's mounts arrive, they are moved on, which nothing shared can be. */
static int share_mounts(const Building *b) {
        if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
                return fail(b, -errno, "share the mounts of", "/");
        if (access("/" INCOMING_PATH, F_OK) >= 0 && mount(NULL, "/" INCOMING_PATH, NULL, MS_SLAVE, NULL) < 0)
                return fail(b, -errno, "take mounts in at", "/" INCOMING_PATH);
        return 0;
}

/* In the new namespace, which begins as a copy of PID 1's. */
static int build(Building *b, AppRoot *ret) {
        _cleanup_free_ char *path = xasprintf(POD_ROOT_APP, b->app->name);
        _cleanup_close_ int root = b->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
                return fail(b, -errno, "open its root", path);
        /* now, in PID 1's /proc: after the pivot, what is at that name is the image's business */
        _cleanup_close_ int namespace = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        if (namespace < 0)
                return fail(b, -errno, "open", "/proc/self/ns/mnt");
        int r = fill(b);
        if (r < 0)
                return r;
        if (b->app->root.read_only && (r = mount_restrict(root, "", false, MOUNT_ATTR_RDONLY, 0)) < 0)
                return fail(b, r, "make read-only", "/");
        if ((r = mount_pivot(root)) < 0)
                return fail(b, r, "enter its root", path);
        if (b->boot->plan->own_init && (r = share_mounts(b)) < 0)
                return r;
        *ret = (AppRoot){ .namespace = TAKE_FD(namespace), .root = TAKE_FD(root) };
        return 0;
}

/* For enter, which opens it through /proc/PID/fd: the name of a descriptor of PID 1, in PID 1's /run, out of
 * the reach of apps. (Binding the namespace there is refused by kernels whose namespaces are not numbered in
 * order.) */
static int publish(const Building *b, const AppRoot *root) {
        _cleanup_free_ char *path = xasprintf(APP_ROOT_NAMESPACES "/%s", b->app->name);
        _cleanup_free_ char *number = xasprintf("%d\n", root->namespace);
        int r = mkdir_parents_at(AT_FDCWD, APP_ROOT_NAMESPACES, 0700);
        if (r >= 0)
                r = write_string_at(AT_FDCWD, path, number, 0600);
        return r < 0 ? fail(b, r, "publish its mount namespace in", path) : 0;
}

int app_root_build(const Boot *boot, const PodRoot *pod, size_t index, size_t number, AppRoot *ret) {
        Building b = {
                .boot = boot,
                .pod = pod,
                .app = &boot->plan->apps[index],
                .sources = &pod->apps[index],
                .number = number,
        };
        /* what is mounted in PID 1's view of the app's root comes here, and nothing goes there */
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
                return fail(&b, -errno, "make", "its mount namespace");
        int r = build(&b, ret);
        if (setns(pod->namespace, CLONE_NEWNS) < 0)
                return fail(&b, -errno, "leave", "its mount namespace");
        return r < 0 ? r : publish(&b, ret);
}

int app_root_use_network_dns(const Plan *plan, const char *name, const AppRoot *root) {
        if (plan->net != PLAN_NET_CONTAINED || plan->resolv_conf != PLAN_FILE_DEFAULT ||
                        access("/etc/rkt-resolv.conf", F_OK) < 0)
                return 0;
        Building b = { .app = &(PlanApp){ .name = (char *) name }, .root = root->root };
        _cleanup_close_ int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        _cleanup_close_ int mount = mount_clone(AT_FDCWD, "/etc/rkt-resolv.conf", false);
        if (own < 0 || setns(root->namespace, CLONE_NEWNS) < 0)
                return fail(&b, -errno, "enter", "its mount namespace");
        int r = put(&b, mount, "/etc/resolv.conf", TARGET_FILE);
        if (setns(own, CLONE_NEWNS) < 0)
                return fail(&b, -errno, "leave", "its mount namespace");
        return r;
}
