/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "alloc.h"

/* The kernel queues its messages on the descriptor of the context, each as "e TEXT". */
static void read_why(int context, char **ret) {
        char line[512];
        if (!ret)
                return;
        ssize_t n = read(context, line, sizeof(line) - 1);
        if (n > 2) {
                line[n] = 0;
                line[strcspn(line, "\n")] = 0;
                *ret = xstrdup(line + 2);
        }
}

int mount_create(const char *type, const char *const *options, uint64_t attributes, char **ret_why) {
        if (ret_why)
                *ret_why = NULL;
        _cleanup_close_ int context = fsopen(type, FSOPEN_CLOEXEC);
        if (context < 0)
                return -errno;
        int r = 0;
        for (const char *const *o = options; r >= 0 && o && o[0]; o += 2) {
                unsigned command = *o[1] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;
                r = fsconfig(context, command, o[0], *o[1] ? o[1] : NULL, 0) < 0 ? -errno : 0;
        }
        if (r >= 0 && fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                r = -errno;
        if (r < 0) {
                read_why(context, ret_why);
                return r;
        }
        int fd = fsmount(context, FSMOUNT_CLOEXEC, (unsigned) attributes);
        return fd < 0 ? -errno : fd;
}

int mount_clone(int dirfd, const char *path, bool recursive) {
        unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0) |
                         (*path ? 0 : AT_EMPTY_PATH);
        int fd = open_tree(dirfd, path, flags);
        return fd < 0 ? -errno : fd;
}

static int set_attributes(int fd, const char *path, bool recursive, struct mount_attr *a) {
        unsigned flags = (recursive ? AT_RECURSIVE : 0) | (*path ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH);
        return mount_setattr(fd, path, flags, a, sizeof(*a)) < 0 ? -errno : 0;
}

int mount_restrict(int mountfd, const char *path, bool recursive, uint64_t set, uint64_t clear) {
        return set_attributes(mountfd, path, recursive,
                        &(struct mount_attr){ .attr_set = set, .attr_clr = clear });
}

int mount_share(int mountfd) {
        return set_attributes(mountfd, "", false, &(struct mount_attr){ .propagation = MS_SHARED });
}

int mount_map_owners(int mountfd, bool recursive, int user_namespace) {
        return set_attributes(mountfd, "", recursive,
                        &(struct mount_attr){ .attr_set = MOUNT_ATTR_IDMAP,
                                        .userns_fd = (uint64_t) user_namespace });
}

int mount_attach(int mountfd, int target) {
        int r = move_mount(mountfd, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
        return r < 0 ? -errno : 0;
}

int mount_attach_at(int mountfd, int dirfd, const char *path) {
        return move_mount(mountfd, "", dirfd, path, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? -errno : 0;
}

int mount_pivot(int mountfd) {
        /* with "." for both, the old root ends up mounted over the new one, where it can be detached from */
        if (fchdir(mountfd) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
                        chdir("/") < 0)
                return -errno;
        return 0;
}
