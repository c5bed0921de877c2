/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shift-tree.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tree-walk.h"

/* Capabilities of a file are its namespace's root's only in their newest form, which names that root. */
static int set_capabilities(const char *path, struct vfs_ns_cap_data *caps, ssize_t size, IdRange range) {
        if (size != XATTR_CAPS_SZ_2 && size != XATTR_CAPS_SZ_3)
                return 0;
        if (size == XATTR_CAPS_SZ_2)
                caps->rootid = 0;
        if (le32toh(caps->rootid) != 0)
                return 0;
        caps->magic_etc = htole32(
                        (le32toh(caps->magic_etc) & ~(uint32_t) VFS_CAP_REVISION_MASK) | VFS_CAP_REVISION_3);
        caps->rootid = htole32(range.shift);
        return setxattr(path, "security.capability", caps, XATTR_CAPS_SZ_3, 0) < 0 ? -errno : 0;
}

static int shift_file(int fd, const struct stat *st, const void *userdata) {
        IdRange range = *(const IdRange *) userdata;
        uid_t uid = st->st_uid < range.count ? st->st_uid + range.shift : (uid_t) -1;
        gid_t gid = st->st_gid < range.count ? st->st_gid + range.shift : (gid_t) -1;
        if (uid == (uid_t) -1 && gid == (gid_t) -1)
                return 0;
        char path[32];
        struct vfs_ns_cap_data caps = {};
        ssize_t size = -1;
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        if (S_ISREG(st->st_mode))
                size = getxattr(path, "security.capability", &caps, sizeof(caps));
        if (fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0)
                return -errno;
        if (S_ISLNK(st->st_mode))
                return 0;
        if ((st->st_mode & (S_ISUID | S_ISGID)) && chmod(path, st->st_mode & 07777) < 0)
                return -errno;
        return size < 0 ? 0 : set_capabilities(path, &caps, size, range);
}

int shift_tree_at(int dirfd, const char *path, IdRange range) {
        return tree_walk_at(dirfd, path, shift_file, &range);
}
