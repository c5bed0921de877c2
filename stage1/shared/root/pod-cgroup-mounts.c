/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod-cgroup-mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include "alloc.h"
#include "file.h"
#include "mounts.h"
#include "pod-cgroup.h"
#include "pod-root.h"
#include "strv.h"

#define HIERARCHIES_MAX 32
#define OWN_CGROUPS     "/proc/self/cgroup"
#define NAMED           "name="

/* A line of OWN_CGROUPS: "12:cpu,cpuacct:/machine.slice/…"; of cgroup2 "0::/…". */
typedef struct Hierarchy {
        char *controllers, *path;
} Hierarchy;

static size_t parse_hierarchies(char *text, Hierarchy *ret) {
        size_t n = 0;
        for (char *line = text, *next; *line && n < HIERARCHIES_MAX; line = next) {
                next = line + strcspn(line, "\n");
                if (*next)
                        *next++ = 0;
                char *controllers = strchr(line, ':'),
                     *path = controllers ? strchr(controllers + 1, ':') : NULL;
                if (!path)
                        continue;
                *path++ = 0;
                ret[n++] = (Hierarchy){ .controllers = controllers + 1, .path = path };
        }
        return n;
}

static int mount_at(int top, const char *directory, const char *type, const char *const *options) {
        if (mkdirat(top, directory, 0755) < 0)
                return -errno;
        _cleanup_close_ int fd = mount_create(type, options, POD_ROOT_SYS_ATTRIBUTES, NULL);
        return fd < 0 ? fd : mount_attach_at(fd, top, directory);
}

static int mount_unified(int top, const char *directory) {
        const char *const options[] = { "source", "cgroup2", NULL };
        return mount_at(top, directory, "cgroup2", options);
}

static int mount_v1(int top, const char *controllers) {
        const char *name = startswith(controllers, NAMED);
        _cleanup_strv_ char **list = strv_split(controllers, ',');
        size_t n = strv_length(list), used = 0;
        _cleanup_free_ const char **options = xnew(const char *, 2 * n + 3);
        options[used++] = "source";
        options[used++] = "cgroup";
        for (size_t i = 0; i < n; i++) {
                options[used++] = name ? "name" : list[i];
                options[used++] = name ? name : "";
        }
        int r = mount_at(top, name ?: controllers, "cgroup", options);
        for (size_t i = 0; i < n && n > 1 && r >= 0; i++)
                r = symlinkat(controllers, top, list[i]) < 0 ? -errno : 0;
        return r;
}

/* Only those where systemd has given the pod a cgroup, at the path that it has where processes are tracked:
 * of the others we would show, and could change, what is the host's. */
static int mount_all(int top, CgroupLayout layout, const Hierarchy *all, size_t n) {
        const char *own = NULL;
        for (size_t i = 0; i < n; i++)
                if (streq(all[i].controllers, layout == CGROUP_HYBRID ? "" : NAMED "systemd"))
                        own = all[i].path;
        if (!own || streq(own, "/"))
                return -ENODATA;
        int r = 0;
        for (size_t i = 0; i < n && r >= 0; i++) {
                bool named = startswith(all[i].controllers, NAMED), unified = !*all[i].controllers;
                if (!streq(all[i].path, own) || (layout == CGROUP_HYBRID ? named : unified))
                        continue;
                r = unified ? mount_unified(top, CGROUP_UNIFIED_DIR) : mount_v1(top, all[i].controllers);
        }
        return r;
}

int pod_cgroup_mount(const Plan *p, CgroupLayout layout) {
        const char *const options[] = { "source", "rkt-cgroup", "mode", "0755", "size", "64k", "nr_inodes",
                "64", MOUNT_LABEL(p->selinux_mount_context), NULL };
        const char *const unified[] = { "source", "cgroup2", NULL };
        _cleanup_free_ char *text = NULL;
        Hierarchy all[HIERARCHIES_MAX];
        size_t n = 0;
        if (layout != CGROUP_UNIFIED) {
                /* as the host sees them */
                int r = read_file_at(AT_FDCWD, OWN_CGROUPS, 64 * 1024, &text, NULL);
                if (r < 0)
                        return r;
                n = parse_hierarchies(text, all);
        }
        if (unshare(CLONE_NEWCGROUP) < 0)
                return -errno;
        _cleanup_close_ int top =
                        layout == CGROUP_UNIFIED
                                        ? mount_create("cgroup2", unified, POD_ROOT_SYS_ATTRIBUTES, NULL)
                                        : mount_create("tmpfs", options, POD_ROOT_SYS_ATTRIBUTES, NULL);
        int r = top < 0 ? top : mount_attach_at(top, AT_FDCWD, CGROUP_ROOT);
        return r < 0 || layout == CGROUP_UNIFIED ? r : mount_all(top, layout, all, n);
}

static int copy_mount(const char *path, bool read_only) {
        _cleanup_close_ int fd = mount_clone(AT_FDCWD, path, false);
        int r = fd >= 0 && read_only ? mount_restrict(fd, "", false, MOUNT_ATTR_RDONLY, 0) : fd;
        return r < 0 ? r : TAKE_FD(fd);
}

/* 1: the app has it in this hierarchy. */
static int open_hierarchy(const App *a, const char *directory, const char *cgroup, CgroupMount *ret) {
        struct stat st;
        _cleanup_free_ char *path = xasprintf(CGROUP_ROOT "/%s", directory),
                            *own = xasprintf("%s/%s", path, cgroup);
        if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) || access(own, F_OK) < 0)
                return 0;
        int fd = copy_mount(own, a->plan->read_only_paths != NULL);
        if (fd < 0)
                return fd;
        *ret = (CgroupMount){ .fd = fd, .path = TAKE_PTR(path) };
        return 1;
}

int pod_cgroup_mounts_open(const App *a, Execution *e) {
        _cleanup_free_ char *cgroup = pod_cgroup_of_app(a->plan->name);
        if (cgroup_layout() == CGROUP_UNIFIED) {
                _cleanup_free_ char *path = xasprintf(CGROUP_ROOT "/%s", cgroup);
                e->cgroup_mount = copy_mount(path, a->plan->read_only_paths != NULL);
                return MIN(e->cgroup_mount, 0);
        }
        _cleanup_strv_ char **names = NULL;
        int r = list_directory_at(AT_FDCWD, CGROUP_ROOT, &names);
        if (r < 0)
                return r;
        CgroupMount *mounts = xnew(CgroupMount, strv_length(names) + 1);
        e->cgroup_mount = r = copy_mount(CGROUP_ROOT, true);
        e->hierarchies = mounts;
        for (size_t i = 0; names[i] && r >= 0; i++) {
                r = open_hierarchy(a, names[i], cgroup, &mounts[e->n_hierarchies]);
                e->n_hierarchies += r > 0;
        }
        return MIN(r, 0);
}
