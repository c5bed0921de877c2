/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tree-walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include "file.h"

/* Device numbers do not tell what is mounted: on an overlay, files have others than directories. */
static int open_entry(int parent, const char *name) {
        struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                .resolve = RESOLVE_NO_XDEV | RESOLVE_BENEATH };
        int fd = (int) syscall(SYS_openat2, parent, name, &how, sizeof(how));
        return fd < 0 ? -errno : fd;
}

static int walk_directory(int fd, TreeWalkEach each, const void *userdata);

static int walk_entry(int parent, const char *name, TreeWalkEach each, const void *userdata) {
        struct stat st;
        _cleanup_close_ int fd = open_entry(parent, name);
        if (fd < 0)
                return fd == -EXDEV ? 0 : fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        int r = S_ISDIR(st.st_mode) ? walk_directory(fd, each, userdata) : 0;
        return r < 0 ? r : each(fd, &st, userdata);
}

static int walk_directory(int fd, TreeWalkEach each, const void *userdata) {
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
                        r = walk_entry(fd, e->d_name, each, userdata);
        }
        return r;
}

int tree_walk_at(int dirfd, const char *path, TreeWalkEach each, const void *userdata) {
        struct stat st;
        _cleanup_close_ int fd = openat(dirfd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        raise_descriptor_limit();
        int r = walk_directory(fd, each, userdata);
        return r < 0 ? r : each(fd, &st, userdata);
}
