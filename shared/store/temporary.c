/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "duration.h"
#include "file.h"
#include "log.h"
#include "strv.h"
#include "uuid.h"

#define TREE_PREFIX ".tmp-"

int temporary_file(Store *s, char **ret_path) {
        for (;;) {
                char uuid[UUID_STRING_SIZE];
                uuid_new(uuid);
                _cleanup_free_ char *path = xasprintf(STORE_TEMPORARIES "/%s", uuid);
                int fd = lock_file_at(store_fd(s), path, LOCK_MODE_EXCLUSIVE, false);
                if (fd == -EWOULDBLOCK)
                        continue; /* a sweep has just found it, and takes it away */
                if (fd < 0)
                        return fd;
                if (fchmod(fd, 0660) < 0) { /* whatever the umask is: it will be the group's, too */
                        int r = -errno;
                        unlinkat(store_fd(s), path, 0);
                        close(fd);
                        return r;
                }
                *ret_path = TAKE_PTR(path);
                return fd;
        }
}

static int try_tree(Store *s, const char *path) {
        _cleanup_free_ char *rootfs = xasprintf("%s/rootfs", path);
        if (mkdirat(store_fd(s), path, 0700) < 0 || mkdirat(store_fd(s), rootfs, 0755) < 0)
                return -errno;
        _cleanup_close_ int fd = lock_directory_at(store_fd(s), rootfs, LOCK_MODE_SHARED, false);
        if (fd < 0)
                return fd;
        struct stat ours, named;
        if (fstat(fd, &ours) < 0 || fstatat(store_fd(s), rootfs, &named, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (ours.st_ino != named.st_ino || ours.st_dev != named.st_dev)
                return -ENOENT;
        /* the store's setgid bit and group must not spread into images */
        if (fchmodat(store_fd(s), path, 0700, 0) < 0 || fchmod(fd, 0755) < 0 ||
                        fchown(fd, geteuid(), getegid()) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int temporary_tree(Store *s, char **ret_path) {
        for (;;) {
                char uuid[UUID_STRING_SIZE];
                uuid_new(uuid);
                _cleanup_free_ char *path = xasprintf(STORE_TREES "/" TREE_PREFIX "%s", uuid);
                int fd = try_tree(s, path);
                if (fd == -ENOENT || fd == -EWOULDBLOCK)
                        continue; /* a sweep was in between */
                if (fd < 0)
                        remove_tree_at(store_fd(s), path, false);
                else
                        *ret_path = TAKE_PTR(path);
                return fd;
        }
}

int temporary_discard_tree(Store *s, const char *path) {
        char uuid[UUID_STRING_SIZE];
        uuid_new(uuid);
        _cleanup_free_ char *target = xasprintf(STORE_TREES "/" TREE_PREFIX "%s", uuid);
        return renameat(store_fd(s), path, store_fd(s), target) < 0 ? -errno : 0;
}

/* Whether a file that nobody holds is kept for who wants the same. */
static bool may_go_on(int dirfd, const char *name, int fd, int64_t grace) {
        _cleanup_free_ char *link = xasprintf("%s" TEMPORARY_VALIDATOR, name);
        struct stat st;
        return startswith(name, TEMPORARY_INCOMING) &&
               faccessat(dirfd, link, F_OK, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &st) == 0 &&
               st.st_size > 0 && realtime_ns() - timespec_ns(st.st_mtim) < grace;
}

/* Of a file that is gone. */
static int sweep_validator(int dirfd, const char *name, const char *end) {
        _cleanup_free_ char *file = xstrndup(name, end - name);
        if (faccessat(dirfd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return 0;
        return unlinkat(dirfd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static int sweep_file(int dirfd, const char *name, int64_t grace) {
        const char *end = endswith(name, TEMPORARY_VALIDATOR);
        if (end)
                return sweep_validator(dirfd, name, end);
        _cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        int r = lock_fd(fd, LOCK_MODE_EXCLUSIVE, false);
        if (r == -EWOULDBLOCK)
                return 0;
        if (r < 0)
                return r;
        return may_go_on(dirfd, name, fd, grace) ? 0 : remove_tree_at(dirfd, name, false) < 0 ? -errno : 1;
}

/* The lock of an unfinished tree is that of its rootfs; one without had not got that far. */
static int sweep_tree(int dirfd, const char *name, int64_t grace) {
        _cleanup_free_ char *rootfs = xasprintf("%s/rootfs", name);
        _cleanup_close_ int fd = openat(dirfd, rootfs, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno != ENOENT)
                return -errno;
        int r = fd >= 0 ? lock_fd(fd, LOCK_MODE_EXCLUSIVE, false) : 0;
        if (r == -EWOULDBLOCK)
                return 0;
        if (r >= 0)
                r = remove_tree_at(dirfd, name, false);
        return r < 0 ? r : 1;
}

static int sweep(Store *s, const char *directory, const char *prefix, int (*one)(int, const char *, int64_t),
                int64_t grace, size_t *ret_n) {
        _cleanup_close_ int dirfd = openat(store_fd(s), directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_strv_ char **names = NULL;
        int result = 0;
        if (dirfd < 0)
                return log_error_errno(errno, "cannot open %s/%s", store_path(s), directory);
        int r = list_directory_at(dirfd, ".", &names);
        if (r < 0)
                return log_error_errno(r, "cannot read %s/%s", store_path(s), directory);
        STRV_FOREACH (name, names) {
                if (!startswith(*name, prefix))
                        continue;
                r = one(dirfd, *name, grace);
                if (r < 0)
                        result = log_error_errno(
                                        r, "cannot remove %s/%s/%s", store_path(s), directory, *name);
                else
                        *ret_n += r;
        }
        return result;
}

int temporary_sweep(Store *s, int64_t grace, size_t *ret_n) {
        *ret_n = 0;
        int r = sweep(s, STORE_TEMPORARIES, "", sweep_file, grace, ret_n), q = 0;
        if (geteuid() == 0) /* nobody else sees trees */
                q = sweep(s, STORE_TREES, TREE_PREFIX, sweep_tree, grace, ret_n);
        return r < 0 ? r : q;
}
