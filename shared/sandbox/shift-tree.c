/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shift-tree.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "file.h"

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

/* fd is of any kind of file, opened with O_PATH. */
static int shift_file(int fd, const struct stat *st, IdRange range) {
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

/* Device numbers do not tell what is mounted: on an overlay, files have others than directories. */
static int open_entry(int parent, const char *name) {
        struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                .resolve = RESOLVE_NO_XDEV | RESOLVE_BENEATH };
        int fd = (int) syscall(SYS_openat2, parent, name, &how, sizeof(how));
        return fd < 0 ? -errno : fd;
}

static int shift_directory(int fd, IdRange range);

static int shift_entry(int parent, const char *name, IdRange range) {
        struct stat st;
        _cleanup_close_ int fd = open_entry(parent, name);
        if (fd < 0)
                return fd == -EXDEV ? 0 : fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        int r = S_ISDIR(st.st_mode) ? shift_directory(fd, range) : 0;
        return r < 0 ? r : shift_file(fd, &st, range);
}

static int shift_directory(int fd, IdRange range) {
        int readable = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (readable < 0)
                return -errno;
        _cleanup_closedir_ DIR *dir = fdopendir(readable);
        if (!dir) {
                close(readable);
                return -errno;
        }
        int r = 0;
        while (r >= 0) {
                errno = 0;
                struct dirent *e = readdir(dir);
                if (!e)
                        return -errno;
                if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
                        r = shift_entry(fd, e->d_name, range);
        }
        return r;
}

int shift_tree_at(int dirfd, const char *path, IdRange range) {
        struct stat st;
        _cleanup_close_ int fd = openat(dirfd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        raise_descriptor_limit();
        int r = shift_directory(fd, range);
        return r < 0 ? r : shift_file(fd, &st, range);
}
