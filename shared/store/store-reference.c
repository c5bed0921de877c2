/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store-reference.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "alloc.h"
#include "file.h"
#include "strv.h"
#include "temporary.h"

/* What host names, ports, repositories, tags and digests are made of. */
static bool has_only_usual_characters(const char *s) {
        return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:@/[]") ==
               strlen(s);
}

static bool has_dots(const char *component, size_t n) {
        return (n == 1 && component[0] == '.') || (n == 2 && component[0] == '.' && component[1] == '.');
}

bool store_reference_is_valid(const char *canonical) {
        const char *slash = strchr(canonical, '/');
        if (!slash || strlen(canonical) + strlen(STORE_REFERENCES "/") >= PATH_MAX ||
                        !has_only_usual_characters(canonical))
                return false;
        for (const char *p = canonical;; p += strcspn(p, "/") + 1) {
                size_t n = strcspn(p, "/");
                if (n == 0 || n > NAME_MAX || has_dots(p, n))
                        return false;
                if (p[n] == 0) /* only the last component is a file: it is told from directories by these */
                        return strpbrk(p, ":@");
                if (p > canonical && memchr(p, ':', n))
                        return false;
        }
}

static char *reference_path(const char *canonical) {
        return xasprintf(STORE_REFERENCES "/%s", canonical);
}

static int read_reference(int dirfd, const char *path, char **ret_id) {
        _cleanup_free_ char *id = NULL;
        int r = read_line_at(dirfd, path, &id);
        if (r < 0)
                return r;
        if (!store_id_is_whole(id))
                return -EINVAL;
        *ret_id = TAKE_PTR(id);
        return 0;
}

int store_reference_find(Store *s, const char *canonical, char **ret_id) {
        _cleanup_free_ char *path = reference_path(canonical), *id = NULL;
        if (!store_reference_is_valid(canonical))
                return -EINVAL;
        int r = read_reference(store_fd(s), path, &id);
        if (r < 0)
                return r == -ENOTDIR ? -ENOENT : r;
        if (!store_has_image(s, id))
                return -ENOENT;
        *ret_id = TAKE_PTR(id);
        return 0;
}

/* By way of DATA/cas/tmp: what was left of it here might be taken for a tag. */
static int replace_reference(Store *s, const char *path, const char *line) {
        _cleanup_free_ char *temporary = NULL;
        _cleanup_close_ int fd = temporary_file(s, &temporary);
        if (fd < 0)
                return fd;
        int r = write_all(fd, line, strlen(line));
        if (r >= 0 && fdatasync(fd) < 0)
                r = -errno;
        if (r >= 0 && renameat(store_fd(s), temporary, store_fd(s), path) < 0)
                r = -errno;
        if (r < 0)
                unlinkat(store_fd(s), temporary, 0);
        return r;
}

int store_reference_save(Store *s, const char *canonical, const char *id) {
        _cleanup_free_ char *path = reference_path(canonical), *line = xasprintf("%s\n", id), *old = NULL;
        if (!store_reference_is_valid(canonical))
                return -EINVAL;
        if (read_reference(store_fd(s), path, &old) >= 0 && streq(old, id))
                return 0;
        int r = store_make_parents(s, path);
        if (r >= 0)
                r = replace_reference(s, path, line);
        return r < 0 ? r : store_sync_parents(s, path);
}

/* Whether the file is to stay. One that cannot be read leads nowhere. */
static bool is_kept(Store *s, int dirfd, const char *name, const char *unwanted) {
        _cleanup_free_ char *id = NULL;
        return strpbrk(name, ":@") && read_reference(dirfd, name, &id) >= 0 && store_has_image(s, id) &&
               !streq_ptr(id, unwanted);
}

static int sweep(Store *s, int parent, const char *name, const char *id, unsigned depth) {
        _cleanup_close_ int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_strv_ char **names = NULL;
        if (fd < 0)
                return -errno;
        int r = list_directory_at(fd, ".", &names);
        STRV_FOREACH (n, names) {
                if (r < 0)
                        return r;
                r = depth > 0 ? sweep(s, fd, *n, id, depth - 1) : -ELOOP;
                if (r >= 0) {
                        unlinkat(fd, *n, AT_REMOVEDIR); /* if it is empty now */
                        continue;
                }
                if (r != -ENOTDIR && r != -ELOOP && r != -ENOENT)
                        continue;
                r = is_kept(s, fd, *n, id) || unlinkat(fd, *n, 0) >= 0 || errno == ENOENT ? 0 : -errno;
        }
        return r;
}

int store_reference_sweep(Store *s, const char *id) {
        return sweep(s, store_fd(s), STORE_REFERENCES, id, 128);
}
