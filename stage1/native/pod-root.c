/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod-root.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "alloc.h"
#include "build-config.h"
#include "devices.h"
#include "file.h"
#include "log.h"
#include "masks.h"
#include "mounts.h"
#include "name-value.h"
#include "namespaces.h"
#include "overlay.h"
#include "strv.h"
#include "uuid.h"
#include "volume-tmpfs.h"

#define BASIC_ATTRIBUTES (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

/* Device nodes in a volume stay shut; one that is itself the volume is what was asked for. */
static uint64_t volume_attributes(const PlanMount *m, const struct stat *st, AppSources *sources) {
        uint64_t set = m->read_only ? MOUNT_ATTR_RDONLY : 0;
        if (!S_ISCHR(st->st_mode) && !S_ISBLK(st->st_mode))
                return set | MOUNT_ATTR_NODEV;
        xgrow(&sources->devices, sources->n_devices);
        sources->devices[sources->n_devices++] = (DeviceRule){
                .block = S_ISBLK(st->st_mode),
                .major = major(st->st_rdev),
                .minor = minor(st->st_rdev),
                .write = !m->read_only,
        };
        return set;
}

static int open_volume(const Boot *b, const PlanApp *a, const PlanMount *m, AppSources *sources) {
        _cleanup_close_ int fd = mount_clone(b->pod, m->source, m->recursive);
        if (fd < 0)
                return log_error_errno(
                                fd, "app %s: volume \"%s\": cannot open %s", a->name, m->volume, m->source);
        struct stat st;
        if (fstat(fd, &st) < 0)
                return log_error_errno(errno, "app %s: volume \"%s\"", a->name, m->volume);
        int r = mount_restrict(fd, "", m->recursive, volume_attributes(m, &st, sources), 0);
        if (r < 0)
                return log_error_errno(r, "app %s: volume \"%s\": cannot restrict it", a->name, m->volume);
        return TAKE_FD(fd);
}

static int open_host_file(const char *path, int *ret) {
        _cleanup_close_ int fd = mount_clone(AT_FDCWD, path, false);
        if (fd < 0)
                return log_error_errno(fd, "cannot open the host's %s", path);
        int r = mount_restrict(fd, "", false, MOUNT_ATTR_RDONLY | BASIC_ATTRIBUTES, 0);
        if (r < 0)
                return log_error_errno(r, "cannot restrict the host's %s", path);
        *ret = TAKE_FD(fd);
        return 0;
}

static int open_host_usr(void) {
        _cleanup_close_ int fd = mount_clone(AT_FDCWD, "/usr", false);
        if (fd < 0 || mount_restrict(fd, "", false, MOUNT_ATTR_RDONLY | BASIC_ATTRIBUTES, 0) < 0)
                return -1; /* without it, there is no journald */
        return TAKE_FD(fd);
}

/* What the host mounts or unmounts below such a volume while the pod runs is seen in it; if it is read-only,
 * a new mount would not be. */
static bool follows_host(const PlanMount *m) {
        return m->recursive && !m->read_only;
}

static int open_volumes(const Boot *b, PodRoot *p, bool following_host) {
        for (size_t i = 0; i < b->plan->n_apps; i++) {
                const PlanApp *a = &b->plan->apps[i];
                if (!p->apps[i].mounts)
                        p->apps[i].mounts = xnew(int, a->n_mounts);
                for (size_t j = 0; j < a->n_mounts; j++) {
                        if (follows_host(&a->mounts[j]) != following_host)
                                continue;
                        int fd = -1; /* of the image: comes when its root is there */
                        if (a->mounts[j].source && (fd = open_volume(b, a, &a->mounts[j], &p->apps[i])) < 0)
                                return fd;
                        p->apps[i].mounts[j] = fd;
                }
        }
        return 0;
}

static int set_propagation(unsigned long propagation) {
        if (mount(NULL, "/", NULL, MS_REC | propagation, NULL) < 0)
                return log_error_errno(errno, "cannot separate the pod's mounts from the host's");
        return 0;
}

/* Seen by nobody but PID 1, from whose copies of them the apps have theirs. */
static int mount_tmpfs_volumes(const Boot *b) {
        for (size_t i = 0; i < b->plan->n_volumes; i++) {
                int r = b->plan->volumes[i].tmpfs
                                        ? volume_tmpfs_mount(&b->plan->volumes[i], b->pod, BASIC_ATTRIBUTES)
                                        : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}

static int open_sources(const Boot *b, PodRoot *p) {
        p->apps = xnew(AppSources, b->plan->n_apps);
        /* copies keep this: volumes get the host's changes, and nothing ever gets the pod's */
        int r = set_propagation(MS_SLAVE);
        if (r < 0 || (r = open_volumes(b, p, true)) < 0 || (r = set_propagation(MS_PRIVATE)) < 0 ||
                        (r = mount_tmpfs_volumes(b)) < 0 || (r = open_volumes(b, p, false)) < 0)
                return r;
        if (b->plan->resolv_conf == PLAN_FILE_HOST)
                r = open_host_file("/etc/resolv.conf", &p->resolv_conf);
        if (r >= 0 && b->plan->hosts == PLAN_FILE_HOST)
                r = open_host_file("/etc/hosts", &p->hosts);
        p->host_usr = open_host_usr();
        return r;
}

void pod_root_close_sources(PodRoot *p, const Plan *plan) {
        for (size_t i = 0; i < plan->n_apps; i++) {
                for (size_t j = 0; j < plan->apps[i].n_mounts; j++)
                        close(p->apps[i].mounts[j]);
                free(p->apps[i].mounts);
                free(p->apps[i].devices);
        }
        free(p->apps);
        p->apps = NULL;
        if (p->resolv_conf >= 0)
                close(TAKE_FD(p->resolv_conf));
        if (p->hosts >= 0)
                close(TAKE_FD(p->hosts));
}

/* An app's root, detached. Set-user-ID programs of the image work in it, devices do not. */
static int open_app_root(const Boot *b, const PlanApp *a) {
        if (a->root.kind == PLAN_ROOT_DIRECTORY) {
                _cleanup_close_ int fd = mount_clone(b->pod, a->root.path, false);
                int r = fd < 0 ? fd : mount_restrict(fd, "", false, MOUNT_ATTR_NODEV, 0);
                if (r < 0)
                        return log_error_errno(
                                        r, "app %s: cannot use %s as its root", a->name, a->root.path);
                return TAKE_FD(fd);
        }
        _cleanup_free_ char *why = NULL;
        int fd = overlay_mount(b->pod, a->root.lower, a->root.upper, a->root.work, MOUNT_ATTR_NODEV, &why);
        if (fd < 0)
                return log_error_errno(fd, "app %s: cannot mount its overlay%s%s", a->name, why ? ": " : "",
                                why ?: "");
        return fd;
}

static int make_directories(int root) {
        static const char *const directories[] = {
                "proc",
                "sys",
                "dev",
                "run",
                "tmp",
                "usr",
                "etc",
                "var",
                "var/log",
                "var/log/journal",
                "opt",
                "opt/stage2",
                "rkt",
                "rkt/status",
                "rkt/env",
        };
        for (size_t i = 0; i < ELEMENTSOF(directories); i++)
                if (mkdirat(root, directories[i], 0755) < 0 && errno != EEXIST)
                        return log_error_errno(errno, "cannot create stage1/rootfs/%s", directories[i]);
        return 0;
}

/* The roots of the apps need not be put in place by name: whoever owns stage1/rootfs is root. */
static int attach_app_roots(const Boot *b) {
        for (size_t i = 0; i < b->plan->n_apps; i++) {
                const PlanApp *a = &b->plan->apps[i];
                _cleanup_close_ int fd = open_app_root(b, a);
                if (fd < 0)
                        return fd;
                _cleanup_free_ char *path = xasprintf(POD_ROOT_APP, a->name);
                int r = mkdir_parents_at(b->stage1, path + 1, 0755);
                if (r >= 0)
                        r = mount_attach_at(fd, b->stage1, path + 1);
                if (r < 0)
                        return log_error_errno(r, "app %s: cannot attach its root", a->name);
        }
        return 0;
}

static int attach_new(const char *type, const char *const *options, uint64_t attributes, int root,
                const char *path) {
        _cleanup_close_ int fd = mount_create(type, options, attributes, NULL);
        int r = fd < 0 ? fd : mount_attach_at(fd, root, path);
        return r < 0 ? log_error_errno(r, "cannot mount %s at /%s of the pod", type, path) : 0;
}

static int attach_dev(const Boot *b, int root) {
        const char *const tmpfs[] = { "source", "dev", "mode", "0755", "size", "64k", NULL };
        const char *const shm[] = { "source", "shm", "mode", "1777", NULL };
        int r = attach_new("tmpfs", tmpfs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, root, "dev");
        if (r < 0)
                return r;
        _cleanup_close_ int dev = openat(root, "dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int pts = devices_create_pts();
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

static int attach_mask(int root) {
        _cleanup_close_ int fd = mask_create();
        int r = fd;
        if (r >= 0)
                r = mkdir_parents_at(root, POD_ROOT_MASK + 1, 0755);
        if (r >= 0)
                r = mount_attach_at(fd, root, POD_ROOT_MASK + 1);
        return r < 0 ? log_error_errno(r, "cannot mount the cover for hidden paths") : 0;
}

static int write_etc(const Boot *b, int root) {
        char machine_id[34];
        uuid_machine_id(b->plan->uuid, machine_id);
        machine_id[32] = '\n';
        machine_id[33] = 0;
        _cleanup_free_ char *hostname = xasprintf("%s\n", b->plan->hostname);
        _cleanup_free_ char *hosts = xasprintf("127.0.0.1\tlocalhost %s\n"
                                               "::1\tlocalhost ip6-localhost ip6-loopback\n",
                        b->plan->hostname);
        static const char os_release[] = "ID=rkt\nNAME=rkt\nVERSION_ID=" RKT_VERSION
                                         "\nPRETTY_NAME=\"rkt " RKT_VERSION " (native)\"\n";
        const struct {
                const char *path, *text;
        } files[] = {
                { "etc/machine-id", machine_id },
                { "etc/hostname", hostname },
                { "etc/hosts-fallback", hosts },
                { "etc/os-release", os_release },
        };
        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                int r = write_string_at(root, files[i].path, files[i].text, 0644);
                if (r < 0)
                        return log_error_errno(r, "cannot write stage1/rootfs/%s", files[i].path);
        }
        return 0;
}

static int set_identity(const Boot *b) {
        if (sethostname(b->plan->hostname, strlen(b->plan->hostname)) < 0)
                return log_error_errno(errno, "cannot set the hostname %s", b->plan->hostname);
        int r = b->plan->net == PLAN_NET_NONE ? namespaces_loopback_up() : 0;
        return r < 0 ? log_error_errno(r, "cannot bring up the pod's lo") : 0;
}

/* The pod's namespaces are there, and the plan names no parameter of any other. */
static int set_sysctl(const Plan *p) {
        STRV_FOREACH (s, p->sysctl) {
                _cleanup_free_ char *name = NULL, *value = NULL;
                int r = name_value_split(*s, &name, &value);
                _cleanup_free_ char *path = xasprintf("/proc/sys/%s", name);
                if (r >= 0 && access(path, F_OK) < 0)
                        r = -errno;
                if (r < 0 || (r = write_string_at(AT_FDCWD, path, value, 0)) < 0)
                        return log_error_errno(
                                        r, "cannot set the kernel parameter %s to \"%s\"", name, value);
        }
        return 0;
}

static int populate(const Boot *b, int root) {
        const char *const proc[] = { "source", "proc", NULL }, *const sysfs[] = { "source", "sysfs", NULL };
        const char *const run[] = { "source", "run", "mode", "0755", NULL };
        int r;
        if ((r = attach_new("proc", proc, POD_ROOT_SYS_ATTRIBUTES, root, "proc")) < 0 ||
                        (r = attach_new("sysfs", sysfs, POD_ROOT_SYS_ATTRIBUTES, root, "sys")) < 0 ||
                        (r = attach_new("tmpfs", run, BASIC_ATTRIBUTES, root, "run")) < 0 ||
                        (r = attach_dev(b, root)) < 0)
                return r;
        return attach_mask(root);
}

/* On itself, so that it is a mount and can become the root. */
static int attach_root(int stage1) {
        _cleanup_close_ int root = mount_clone(stage1, "", false);
        int r = root < 0 ? root : mount_restrict(root, "", false, BASIC_ATTRIBUTES, 0);
        if (r < 0 || (r = mount_attach(root, stage1)) < 0)
                return log_error_errno(r, "cannot mount the pod's root");
        return TAKE_FD(root);
}

int pod_root_enter(const Boot *outer, PodRoot *ret) {
        PodRoot p = { .resolv_conf = -1, .hosts = -1, .host_usr = -1 };
        Boot b = *outer;
        int r;

        /* the working directory came along into the new mount namespace, descriptors did not */
        _cleanup_close_ int pod = b.pod = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int stage1 = open("stage1/rootfs", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (pod < 0 || stage1 < 0)
                return log_error_errno(errno, "cannot open the pod's directory");
        if ((r = open_sources(&b, &p)) < 0 || (r = make_directories(stage1)) < 0 ||
                        (r = write_etc(&b, stage1)) < 0)
                return r;

        _cleanup_close_ int root = b.stage1 = attach_root(stage1);
        if (root < 0 || (r = attach_app_roots(&b)) < 0 || (r = populate(&b, root)) < 0 ||
                        (r = set_identity(&b)) < 0)
                return root < 0 ? root : r;
        if ((r = mount_pivot(root)) < 0)
                return log_error_errno(r, "cannot make stage1/rootfs the root of the pod");
        if ((r = set_sysctl(b.plan)) < 0)
                return r;

        p.namespace = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        if (p.namespace < 0)
                return log_error_errno(errno, "cannot open the pod's mount namespace");
        *ret = p;
        return 0;
}
