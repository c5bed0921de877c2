/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "alloc.h"
#include "strv.h"

int fd_close_on_exec(int fd, bool on) {
        int flags = fcntl(fd, F_GETFD);
        if (flags < 0)
                return -errno;
        flags = on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC;
        return fcntl(fd, F_SETFD, flags) < 0 ? -errno : 0;
}

int openat_in_root(int rootfd, const char *path, int flags, mode_t mode) {
        struct open_how how = {
                .flags = flags | O_CLOEXEC,
                .mode = flags & (O_CREAT | O_TMPFILE) ? mode : 0,
                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
        };
        int fd = syscall(SYS_openat2, rootfd, path, &how, sizeof(how));
        return fd < 0 ? -errno : fd;
}

int openat_beneath(int rootfd, const char *path, int flags) {
        struct open_how how = {
                .flags = flags | O_CLOEXEC,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
        };
        int fd = syscall(SYS_openat2, rootfd, path, &how, sizeof(how));
        return fd < 0 ? -errno : fd;
}

int write_all(int fd, const void *data, size_t size) {
        const char *p = data;
        while (size > 0) {
                ssize_t n = write(fd, p, size);
                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                p += n;
                size -= n;
        }
        return 0;
}

int read_fd(int fd, size_t max, char **ret, size_t *ret_size) {
        struct stat st;
        size_t capacity = 4096, size = 0, expected = 0;
        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
                expected = st.st_size;
                capacity = MIN(expected, max) + 1;
        }

        _cleanup_free_ char *buffer = xmalloc(capacity + 1);
        for (;;) {
                if (size == capacity) {
                        capacity *= 2;
                        buffer = xreallocarray(buffer, capacity + 1, 1);
                }
                ssize_t n = read(fd, buffer + size, capacity - size);
                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                if (n == 0)
                        break;
                size += n;
                if (size > max)
                        return -EFBIG;
                if (size == expected)
                        break; /* files are replaced whole, so this is the end: one read less */
        }
        buffer[size] = 0;
        *ret = TAKE_PTR(buffer);
        if (ret_size)
                *ret_size = size;
        return 0;
}

int read_file_at(int dirfd, const char *path, size_t max, char **ret, size_t *ret_size) {
        _cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return -errno;
        return read_fd(fd, max, ret, ret_size);
}

int read_line_at(int dirfd, const char *path, char **ret) {
        _cleanup_free_ char *text = NULL;
        int r = read_file_at(dirfd, path, 65536, &text, NULL);
        if (r < 0)
                return r;
        text[strcspn(text, "\n")] = 0;
        *ret = TAKE_PTR(text);
        return 0;
}

int write_file_at(int dirfd, const char *path, const void *data, size_t size, mode_t mode) {
        _cleanup_close_ int fd =
                        openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, mode);
        if (fd < 0)
                return -errno;
        return write_all(fd, data, size);
}

int write_string_at(int dirfd, const char *path, const char *s, mode_t mode) {
        return write_file_at(dirfd, path, s, strlen(s), mode);
}

static int replace_through(int dirfd, const char *path, const char *temporary, const void *data, size_t size,
                mode_t mode, bool sync) {
        _cleanup_close_ int fd = openat(
                        dirfd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0)
                return -errno;

        int r = write_all(fd, data, size);
        if (r >= 0 && fchmod(fd, mode) < 0)
                r = -errno;
        if (r >= 0 && sync && fdatasync(fd) < 0)
                r = -errno;
        if (r >= 0 && renameat(dirfd, temporary, dirfd, path) < 0)
                r = -errno;
        if (r < 0)
                unlinkat(dirfd, temporary, 0);
        return r;
}

int replace_file_at(int dirfd, const char *path, const void *data, size_t size, mode_t mode, bool sync) {
        _cleanup_free_ char *temporary = xasprintf("%s.tmp-%d", path, (int) getpid());
        return replace_through(dirfd, path, temporary, data, size, mode, sync);
}

int replace_locked_file_at(
                int dirfd, const char *path, const void *data, size_t size, mode_t mode, bool sync) {
        _cleanup_free_ char *temporary = xasprintf("%s.tmp", path);
        return replace_through(dirfd, path, temporary, data, size, mode, sync);
}

int mkdir_parents_at(int dirfd, const char *path, mode_t mode) {
        _cleanup_free_ char *copy = xstrdup(path);
        for (char *p = copy + 1; *p; p++) {
                if (*p != '/')
                        continue;
                *p = 0;
                if (mkdirat(dirfd, copy, mode) < 0 && errno != EEXIST)
                        return -errno;
                *p = '/';
        }
        if (mkdirat(dirfd, copy, mode) < 0 && errno != EEXIST)
                return -errno;
        return 0;
}

int mkdir_owned_at(int dirfd, const char *path, mode_t mode, uid_t uid, gid_t gid) {
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        _cleanup_free_ char *temporary =
                        xasprintf("%.*s.%s.new-%d", (int) (name - path), path, name, (int) getpid());
        if (mkdirat(dirfd, temporary, 0700) < 0)
                return -errno;
        _cleanup_close_ int fd = openat(dirfd, temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && fchown(fd, uid, gid) >= 0 && fchmod(fd, mode) >= 0 &&
                        renameat2(dirfd, temporary, dirfd, path, RENAME_NOREPLACE) >= 0)
                return 0;
        int r = -errno;
        unlinkat(dirfd, temporary, AT_REMOVEDIR);
        return r;
}

int fsync_directory_at(int dirfd, const char *path) {
        _cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        return fsync(fd) < 0 ? -errno : 0;
}

/* Empties the directory fd, which it takes. A directory without write or search permission is no obstacle
 * to root; for others one chmod is tried. */
static int remove_children(int fd, bool same_device) {
        _cleanup_closedir_ DIR *dir = fdopendir(fd);
        if (!dir) {
                close(fd);
                return -errno;
        }
        int result = 0;
        struct dirent *e;
        while ((errno = 0, e = readdir(dir))) {
                if (streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                if (e->d_type != DT_DIR && unlinkat(fd, e->d_name, 0) == 0)
                        continue;
                int r = remove_tree_at(fd, e->d_name, same_device);
                if (r < 0 && result == 0)
                        result = r;
        }
        if (errno != 0 && result == 0)
                result = -errno;
        return result;
}

bool raise_descriptor_limit(void) {
        struct rlimit limit;
        if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max)
                return false;
        limit.rlim_cur = limit.rlim_max;
        return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

int remove_tree_at(int dirfd, const char *path, bool same_device) {
        int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno == EMFILE && raise_descriptor_limit())
                fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) {
                if (errno == ENOENT)
                        return 0;
                if (errno != ENOTDIR && errno != ELOOP)
                        return -errno;
                return unlinkat(dirfd, path, 0) < 0 && errno != ENOENT ? -errno : 0;
        }

        struct stat st, parent;
        if (fstat(fd, &st) < 0 || fstatat(dirfd, path[0] == '/' ? path : ".", &parent, 0) < 0) {
                close(fd);
                return -errno;
        }
        if (same_device && st.st_dev != parent.st_dev) {
                close(fd);
                return -EXDEV;
        }
        int r = remove_children(fd, same_device);
        if (unlinkat(dirfd, path, AT_REMOVEDIR) < 0 && errno != ENOENT && r == 0)
                r = -errno;
        return r;
}

static bool copy_range_is_refused(int error) {
        return error == EXDEV || error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
}

int copy_fd(int in, int out) {
        if (ioctl(out, FICLONE, in) == 0)
                return 0;
        for (;;) {
                ssize_t n = copy_file_range(in, NULL, out, NULL, SIZE_MAX >> 1 & ~0xfffUL, 0);
                if (n == 0)
                        return 0;
                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        break;
                }
        }
        if (!copy_range_is_refused(errno))
                return -errno;

        size_t size = 128 * 1024;
        _cleanup_free_ char *buffer = xmalloc(size);
        for (;;) {
                ssize_t n = read(in, buffer, size);
                if (n == 0)
                        return 0;
                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                int r = write_all(out, buffer, n);
                if (r < 0)
                        return r;
        }
}

int copy_range(int in, uint64_t offset, uint64_t size, int out) {
        struct stat st;
        if (offset == 0 && fstat(in, &st) == 0 && (uint64_t) st.st_size == size &&
                        ioctl(out, FICLONE, in) == 0)
                return lseek(out, 0, SEEK_END) < 0 ? -errno : 0;
        size_t buffer_size = 128 * 1024;
        _cleanup_free_ char *buffer = NULL;
        off_t position = offset;
        while (size > 0) {
                ssize_t n;
                if (!buffer) {
                        n = copy_file_range(
                                        in, &position, out, NULL, MIN(size, SIZE_MAX >> 1 & ~0xfffUL), 0);
                        if (n < 0 && copy_range_is_refused(errno)) {
                                buffer = xmalloc(buffer_size);
                                continue;
                        }
                } else {
                        n = pread(in, buffer, MIN(size, buffer_size), position);
                        position += MAX(n, 0);
                }
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : -ENODATA;
                int r = buffer ? write_all(out, buffer, n) : 0;
                if (r < 0)
                        return r;
                size -= n;
        }
        return 0;
}

int list_directory_at(int dirfd, const char *path, char ***ret) {
        int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        _cleanup_closedir_ DIR *dir = fdopendir(fd);
        if (!dir) {
                close(fd);
                return -errno;
        }
        _cleanup_strv_ char **names = NULL;
        size_t n = 0;
        struct dirent *e;
        while ((errno = 0, e = readdir(dir))) {
                if (streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                if ((n & (n + 1)) == 0)
                        names = xreallocarray(names, 2 * n + 2, sizeof(char *));
                names[n++] = xstrdup(e->d_name);
                names[n] = NULL;
        }
        if (errno != 0)
                return -errno;
        if (!names)
                names = xnew(char *, 1);
        qsort(names, n, sizeof(char *), string_compare);
        *ret = TAKE_PTR(names);
        return 0;
}
