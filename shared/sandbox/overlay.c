/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>

#include "alloc.h"
#include "mounts.h"
#include "strv.h"

#define OPTION_MAX 255 /* bytes, of fsconfig(2) */

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

/* Kernels before 6.8 take no more than 255 bytes for one option of a mount that is made in steps, and know
 * no "lowerdir+"; but mount(2) gives them a page. It needs a place: the work directory, which nobody looks
 * into, for the moment that it takes. */
static int mount_at_once(int dirfd, const char *work, const char *lowers, const char *upperdir,
                const char *workdir, uint64_t attributes, const char *label) {
        _cleanup_free_ char *data = xasprintf("lowerdir=%s,upperdir=%s,workdir=%s%s%s%s", lowers, upperdir,
                        workdir, label ? ",context=\"" : "", label ?: "", label ? "\"" : "");
        if (mount("overlay", workdir, "overlay", 0, data) < 0)
                return -errno;
        _cleanup_close_ int top = openat(dirfd, work, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (top < 0)
                return -errno;
        _cleanup_free_ char *place = xasprintf("/proc/self/fd/%d", top);
        _cleanup_close_ int clone = mount_clone(top, "", false);
        umount2(place, MNT_DETACH);
        int r = clone < 0 ? clone : mount_restrict(clone, "", false, attributes, 0);
        return r < 0 ? r : TAKE_FD(clone);
}

static int mount_in_steps(char *const *lowers, const char *upperdir, const char *workdir,
                uint64_t attributes, const char *label, char **ret_why) {
        size_t n = strv_length(lowers), k = 0;
        _cleanup_free_ char *joined = strv_join(lowers, ":");
        const char **options = xnew(const char *, 2 * (n + 4) + 1);
        bool one = strlen(joined) <= OPTION_MAX;
        const char *const fixed[] = { "source", "overlay", "upperdir", upperdir, "workdir", workdir };
        for (; k < ELEMENTSOF(fixed); k++)
                options[k] = fixed[k];
        for (size_t i = 0; i < (one ? 1 : n); i++) {
                options[k++] = one ? "lowerdir" : "lowerdir+";
                options[k++] = one ? joined : lowers[i];
        }
        options[k++] = label ? "context" : NULL;
        options[k] = label;
        int fd = mount_create("overlay", options, attributes, ret_why);
        free(options);
        return fd;
}

int overlay_mount(int dirfd, char *const *lower, const char *upper, const char *work, uint64_t attributes,
                const char *label, char **ret_why) {
        _cleanup_(directories_done) Directories d = {};
        _cleanup_strv_ char **lowers = NULL;
        _cleanup_free_ char *upperdir = NULL, *workdir = NULL;
        int r;

        *ret_why = NULL;
        STRV_FOREACH (l, lower) {
                char *name;
                if ((r = add(&d, dirfd, *l, &name, ret_why)) < 0)
                        return r;
                strv_push(&lowers, name);
        }
        if ((r = add(&d, dirfd, upper, &upperdir, ret_why)) < 0 ||
                        (r = add(&d, dirfd, work, &workdir, ret_why)) < 0)
                return r;
        _cleanup_free_ char *joined = strv_join(lowers, ":");
        r = mount_in_steps(lowers, upperdir, workdir, attributes, label, ret_why);
        if (r != -EINVAL || strlen(joined) <= OPTION_MAX)
                return r;
        free(*ret_why);
        *ret_why = NULL;
        return mount_at_once(dirfd, work, joined, upperdir, workdir, attributes, label);
}
