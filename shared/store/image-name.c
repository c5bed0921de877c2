/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image-name.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "file.h"
#include "strv.h"

int image_name_add(Store *s, const char *name, const char *id) {
        _cleanup_free_ char *path = xasprintf(STORE_NAMES "/%s/@%s", name, id), *up = xstrdup("");
        for (const char *p = name; p; p = strchr(p + 1, '/')) {
                char *longer = xasprintf("../%s", up);
                free(up);
                up = longer;
        }
        _cleanup_free_ char *target = xasprintf("%s../" STORE_IMAGES "/%s", up, id);
        int r = store_make_parents(s, path);
        if (r < 0)
                return r;
        if (symlinkat(target, store_fd(s), path) < 0)
                return errno == EEXIST ? 0 : -errno;
        return store_sync_parents(s, path);
}

/* Then the directories above it, as far as nothing else is in them. */
int image_name_remove(Store *s, const char *name, const char *id) {
        _cleanup_free_ char *path = xasprintf(STORE_NAMES "/%s/@%s", name, id);
        if (unlinkat(store_fd(s), path, 0) < 0 && errno != ENOENT && errno != ENOTDIR)
                return -errno;
        char *slash;
        while ((slash = strrchr(path, '/')) > path + strlen(STORE_NAMES)) {
                *slash = 0;
                if (unlinkat(store_fd(s), path, AT_REMOVEDIR) < 0)
                        break;
        }
        return 0;
}

static int sweep_directory(int parent, const char *name, unsigned depth, size_t *ret_n) {
        _cleanup_close_ int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_strv_ char **names = NULL;
        if (fd < 0)
                return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
        int r = list_directory_at(fd, ".", &names);
        STRV_FOREACH (n, names) {
                if (r < 0)
                        return r;
                if ((*n)[0] != '@') {
                        r = depth > 0 ? sweep_directory(fd, *n, depth - 1, ret_n) : -ELOOP;
                        if (r >= 0)
                                unlinkat(fd, *n, AT_REMOVEDIR);
                } else if (faccessat(fd, *n, F_OK, 0) < 0 && errno == ENOENT) {
                        r = unlinkat(fd, *n, 0) < 0 ? -errno : 0;
                        *ret_n += r == 0;
                }
        }
        return r;
}

int image_name_sweep(Store *s, size_t *ret_n) {
        return sweep_directory(store_fd(s), STORE_NAMES, 128, ret_n);
}
