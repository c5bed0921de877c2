/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "security-label.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "alloc.h"
#include "tree-walk.h"

/* One write: the kernel takes no label in pieces. What somebody has put in the place of proc takes anything.
 */
static int set(const char *path, const char *text) {
        struct statfs s;
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || fstatfs(fd, &s) < 0)
                return -errno;
        if (s.f_type != PROC_SUPER_MAGIC)
                return -EXDEV;
        return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

int security_set_selinux(const char *context) {
        return set("/proc/thread-self/attr/exec", context);
}

int security_set_selinux_created(const char *context) {
        return set("/proc/thread-self/attr/fscreate", context);
}

static int relabel(int fd, const struct stat *st, const void *userdata) {
        const char *context = userdata;
        char path[32];
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        if (setxattr(path, "security.selinux", context, strlen(context) + 1, 0) < 0 && errno != EOPNOTSUPP)
                return -errno;
        return 0;
}

int security_relabel_tree_at(int dirfd, const char *path, const char *context) {
        return tree_walk_at(dirfd, path, relabel, context);
}

int security_set_apparmor(const char *profile) {
        _cleanup_free_ char *text = xasprintf("exec %s", profile);
        int r = set("/proc/thread-self/attr/apparmor/exec", text);
        /* kernels before 5.8 have one file for whatever module is there */
        return r == -ENOENT ? set("/proc/thread-self/attr/exec", text) : r;
}
