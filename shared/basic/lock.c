/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "macro.h"

int lock_fd(int fd, LockMode mode, bool wait) {
        int operation = (mode == LOCK_MODE_EXCLUSIVE ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB);
        while (flock(fd, operation) < 0)
                if (errno != EINTR)
                        return -errno;
        return 0;
}

int unlock_fd(int fd) {
        return flock(fd, LOCK_UN) < 0 ? -errno : 0;
}

int lock_directory_at(int dirfd, const char *path, LockMode mode, bool wait) {
        _cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        int r = lock_fd(fd, mode, wait);
        return r < 0 ? r : TAKE_FD(fd);
}

int lock_file_at(int dirfd, const char *path, LockMode mode, bool wait) {
        for (;;) {
                _cleanup_close_ int fd =
                                openat(dirfd, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
                if (fd < 0)
                        return -errno;
                int r = lock_fd(fd, mode, wait);
                if (r < 0)
                        return r;

                struct stat ours, named;
                if (fstat(fd, &ours) < 0)
                        return -errno;
                if (fstatat(dirfd, path, &named, AT_SYMLINK_NOFOLLOW) == 0 && ours.st_ino == named.st_ino &&
                                ours.st_dev == named.st_dev)
                        return TAKE_FD(fd);
                /* removed or replaced while we waited: what we locked is nobody's any more */
        }
}

int lock_is_held(int fd) {
        int r = lock_fd(fd, LOCK_MODE_SHARED, false);
        if (r == -EWOULDBLOCK)
                return 1;
        if (r < 0)
                return r;
        return unlock_fd(fd);
}
