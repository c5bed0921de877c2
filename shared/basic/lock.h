/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* flock(2) on directories and files: released by the kernel when the last descriptor goes. */

#include <stdbool.h>

typedef enum LockMode {
        LOCK_MODE_SHARED,
        LOCK_MODE_EXCLUSIVE,
} LockMode;

/* 0, or -EWOULDBLOCK if wait is false and somebody else holds it. */
int lock_fd(int fd, LockMode mode, bool wait);
int unlock_fd(int fd);

/* Opens path below dirfd (a directory, or a file that is created 0600 as needed) and locks it.
 * A file is re-checked after locking, so a cleaner that holds the lock may unlink it. Returns the fd. */
int lock_directory_at(int dirfd, const char *path, LockMode mode, bool wait);
int lock_file_at(int dirfd, const char *path, LockMode mode, bool wait);

/* Whether somebody holds the exclusive lock of the open file behind fd: 1, 0, or a negative errno. Leaves
 * no lock behind. */
int lock_is_held(int fd);
