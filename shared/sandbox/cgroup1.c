/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup1.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "alloc.h"
#include "cgroup2.h"
#include "file.h"
#include "log.h"
#include "strv.h"

/* Below CGROUP_ROOT; those that are mounted together have links. */
static const char *const directories[] = {
        [CGROUP1_SYSTEMD] = "systemd",
        [CGROUP1_CPU] = "cpu",
        [CGROUP1_CPUACCT] = "cpuacct",
        [CGROUP1_MEMORY] = "memory",
        [CGROUP1_PIDS] = "pids",
        [CGROUP1_BLKIO] = "blkio",
        [CGROUP1_DEVICES] = "devices",
};

static bool is_cgroup2(const char *path) {
        struct statfs s;
        return statfs(path, &s) == 0 && s.f_type == CGROUP2_SUPER_MAGIC;
}

CgroupLayout cgroup_layout(void) {
        if (is_cgroup2(CGROUP_ROOT))
                return CGROUP_UNIFIED;
        return is_cgroup2(CGROUP_ROOT "/" CGROUP_UNIFIED_DIR) ? CGROUP_HYBRID : CGROUP_LEGACY;
}

static int open_directory(const char *path) {
        int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int cgroup_open(const char *cgroup) {
        int fd = cgroup2_open(cgroup);
        if (fd != -ENODATA)
                return fd;
        _cleanup_free_ char *path = xasprintf(CGROUP_ROOT "/systemd/%s", cgroup);
        return open_directory(path);
}

static int open_each(const char *cgroup, bool create, Cgroup1 *ret) {
        CgroupLayout layout = cgroup_layout();
        *ret = CGROUP1_NONE;
        if (layout == CGROUP_UNIFIED)
                return 0;
        for (Cgroup1Hierarchy h = 0; h < _CGROUP1_MAX; h++) {
                _cleanup_free_ char *path = xasprintf(CGROUP_ROOT "/%s/%s", directories[h], cgroup);
                if (h == CGROUP1_SYSTEMD && layout != CGROUP_LEGACY)
                        continue;
                if (create && mkdir(path, 0755) < 0 && errno != EEXIST && errno != ENOENT)
                        return -errno;
                ret->fds[h] = open_directory(path);
        }
        return 0;
}

void cgroup1_open(const char *cgroup, Cgroup1 *ret) {
        (void) open_each(cgroup, false, ret);
}

int cgroup1_create(const char *cgroup, Cgroup1 *ret) {
        int r = open_each(cgroup, true, ret);
        if (r < 0)
                cgroup1_done(ret);
        return r;
}

void cgroup1_done(Cgroup1 *c) {
        for (Cgroup1Hierarchy h = 0; h < _CGROUP1_MAX; h++)
                if (c->fds[h] >= 0)
                        close(c->fds[h]);
        *c = CGROUP1_NONE;
}

bool cgroup1_exists(const Cgroup1 *c) {
        for (Cgroup1Hierarchy h = 0; h < _CGROUP1_MAX; h++)
                if (c->fds[h] >= 0)
                        return true;
        return false;
}

int cgroup1_attach(const Cgroup1 *c, pid_t pid) {
        for (Cgroup1Hierarchy h = 0; h < _CGROUP1_MAX; h++) {
                int r = c->fds[h] < 0 ? 0 : cgroup2_attach(c->fds[h], pid);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int remove_children(int cgroup) {
        _cleanup_strv_ char **names = NULL;
        int r = list_directory_at(cgroup, ".", &names);
        STRV_FOREACH (name, names) {
                struct stat st;
                if (fstatat(cgroup, *name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode) && r >= 0)
                        r = cgroup2_remove_at(cgroup, *name);
        }
        return r;
}

int cgroup1_remove(const char *cgroup) {
        _cleanup_free_ char *parent = xstrdup(cgroup);
        char *slash = strrchr(parent, '/');
        Cgroup1 c;
        int r = 0;
        *slash = 0;
        cgroup1_open(*parent ? parent : "/", &c);
        for (Cgroup1Hierarchy h = 0; h < _CGROUP1_MAX && r >= 0; h++)
                r = c.fds[h] < 0 ? 0 : cgroup2_remove_at(c.fds[h], slash + 1);
        cgroup1_done(&c);
        return r;
}

void cgroup1_remove_below(const char *cgroup) {
        Cgroup1 c;
        cgroup1_open(cgroup, &c);
        for (Cgroup1Hierarchy h = 0; h < _CGROUP1_MAX; h++) {
                int r = c.fds[h] < 0 ? 0 : remove_children(c.fds[h]);
                /* systemd may be doing the same */
                if (r < 0 && r != -ENOENT && r != -ENODEV)
                        log_warning_errno(r, "cannot remove the cgroups in " CGROUP_ROOT "/%s%s",
                                        directories[h], cgroup);
        }
        cgroup1_done(&c);
}
