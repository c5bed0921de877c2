/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tree-link.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "alloc.h"
#include "layer-tree-files.h"

#define NAMES_MAX ((size_t) 64 * 1024)

static int copy_attribute(int from, int to, const char *name) {
        _cleanup_free_ char *value = xmalloc(NAMES_MAX);
        ssize_t n = fgetxattr(from, name, value, NAMES_MAX);
        return n < 0 || fsetxattr(to, name, value, n, 0) < 0 ? -errno : 0;
}

static int copy_attributes(int from, int to, bool overlay) {
        char few[1024];
        _cleanup_free_ char *many = NULL;
        const char *names = few;
        ssize_t n = flistxattr(from, few, sizeof(few));
        if (n < 0 && errno == ERANGE) {
                names = many = xmalloc(NAMES_MAX);
                n = flistxattr(from, many, NAMES_MAX);
        }
        if (n < 0)
                return errno == EOPNOTSUPP ? 0 : -errno;
        for (const char *p = names; p < names + n; p += strlen(p) + 1) {
                bool opaque = streq(p, OVERLAY_OPAQUE) || streq(p, OVERLAY_OPAQUE_USER);
                if (opaque ? !overlay : !startswith(p, "user."))
                        continue;
                int r = copy_attribute(from, to, p);
                if (r < 0)
                        return r;
        }
        return 0;
}

int tree_copy_status(int from, int to, bool overlay) {
        struct stat st;
        if (fstat(from, &st) < 0 || fchown(to, st.st_uid, st.st_gid) < 0 ||
                        fchmod(to, st.st_mode & 07777) < 0)
                return -errno;
        int r = copy_attributes(from, to, overlay);
        if (r < 0)
                return r;
        const struct timespec times[2] = { st.st_atim, st.st_mtim };
        return futimens(to, times) < 0 ? -errno : 0;
}

static int open_directory(int parent, const char *name) {
        int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int link_directory(int from, int to, const char *name) {
        if (mkdirat(to, name, 0700) < 0)
                return -errno;
        _cleanup_close_ int source = open_directory(from, name), target = open_directory(to, name);
        return source < 0 || target < 0 ? MIN(source, target) : tree_link(source, target);
}

static int link_entry(int from, int to, const struct dirent *e) {
        if (streq(e->d_name, ".") || streq(e->d_name, ".."))
                return 0;
        if (e->d_type == DT_DIR)
                return link_directory(from, to, e->d_name);
        if (e->d_type == DT_UNKNOWN)
                return -EOPNOTSUPP; /* nor would overlayfs have this file system */
        return linkat(from, e->d_name, to, e->d_name, 0) < 0 ? -errno : 0;
}

int tree_link(int from, int to) {
        int fd = open_directory(from, ".");
        if (fd < 0)
                return fd;
        _cleanup_closedir_ DIR *dir = fdopendir(fd);
        if (!dir) {
                close(fd);
                return -errno;
        }
        struct dirent *e;
        while ((errno = 0, e = readdir(dir))) {
                int r = link_entry(from, to, e);
                if (r < 0)
                        return r;
        }
        return errno != 0 ? -errno : tree_copy_status(from, to, true);
}
