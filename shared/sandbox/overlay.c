/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "overlay.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "mounts.h"
#include "strv.h"

typedef struct Directories {
        int *fds;
        size_t n;
} Directories;

static void directories_done(Directories *d) {
        for (size_t i = 0; i < d->n; i++)
                close(d->fds[i]);
        free(d->fds);
}

/* Opens a directory and gives the name under which the kernel finds it. */
static int add(Directories *d, int dirfd, const char *path, char **ret_name, char **ret_why) {
        int fd = openat(dirfd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) {
                int r = -errno;
                *ret_why = xasprintf("cannot open %s", path);
                return r;
        }
        xgrow(&d->fds, d->n);
        d->fds[d->n++] = fd;
        *ret_name = xasprintf("/proc/self/fd/%d", fd);
        return 0;
}

int overlay_mount(int dirfd, char *const *lower, const char *upper, const char *work, uint64_t attributes,
                char **ret_why) {
        _cleanup_(directories_done) Directories d = {};
        _cleanup_strv_ char **lowers = NULL;
        _cleanup_free_ char *upperdir = NULL, *workdir = NULL;
        int r;

        *ret_why = NULL;
        STRV_FOREACH (l, lower) {
                char *name = NULL;
                if ((r = add(&d, dirfd, *l, &name, ret_why)) < 0)
                        return r;
                strv_push(&lowers, name);
        }
        if ((r = add(&d, dirfd, upper, &upperdir, ret_why)) < 0 ||
                        (r = add(&d, dirfd, work, &workdir, ret_why)) < 0)
                return r;
        _cleanup_free_ char *lowerdir = strv_join(lowers, ":");
        const char *const options[] = {
                "source",
                "overlay",
                "lowerdir",
                lowerdir,
                "upperdir",
                upperdir,
                "workdir",
                workdir,
                NULL,
        };
        return mount_create("overlay", options, attributes, ret_why);
}
