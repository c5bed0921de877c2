/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "root-link.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "alloc.h"
#include "file.h"
#include "lock.h"
#include "strv.h"
#include "tree-link.h"

#define TEMPORARY ".new" /* no name: under the lock there is one at a time */

bool root_link_name_is_valid(const char *name) {
        size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
        return n > 0 && n <= NAME_MAX && !name[n] && *name != '.';
}

/* The directory, locked, with what a killed process has left removed; it is made as needed. */
static int open_and_lock(Store *s) {
        if (mkdirat(store_fd(s), "../" ROOT_LINKS, 0755) < 0 && errno != EEXIST)
                return -errno;
        _cleanup_close_ int dir =
                        lock_directory_at(store_fd(s), "../" ROOT_LINKS, LOCK_MODE_EXCLUSIVE, true);
        int r = dir < 0 ? dir : remove_tree_at(dir, TEMPORARY, true);
        return r < 0 ? r : TAKE_FD(dir);
}

static int open_tree_root(Store *s, const char *tree_id) {
        _cleanup_free_ char *path = xasprintf(STORE_TREES "/%s/rootfs", tree_id);
        int fd = openat(store_fd(s), path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int fill(Store *s, int dir, const char *id, const char *tree_id) {
        if (mkdirat(dir, TEMPORARY, 0755) < 0 || mkdirat(dir, TEMPORARY "/rootfs", 0700) < 0)
                return -errno;
        _cleanup_close_ int from = open_tree_root(s, tree_id),
                            to = openat(dir, TEMPORARY "/rootfs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (from < 0 || to < 0)
                return from < 0 ? from : -errno;
        _cleanup_free_ char *line = xasprintf("%s\n", id);
        int r = tree_link(from, to);
        if (r >= 0)
                r = write_string_at(dir, TEMPORARY "/image", line, 0644);
        return r >= 0 && syncfs(to) < 0 ? -errno : r;
}

/* With another one there already, the two change places, and the old one is what is removed. */
static int put_in_place(int dir, const char *name, bool replace) {
        if (renameat2(dir, TEMPORARY, dir, name, RENAME_NOREPLACE) >= 0)
                return fsync(dir) < 0 ? -errno : 0;
        if (errno != EEXIST || !replace)
                return -errno;
        return renameat2(dir, TEMPORARY, dir, name, RENAME_EXCHANGE) < 0 || fsync(dir) < 0 ? -errno : 0;
}

int root_link_make(Store *s, const char *name, const char *id, const char *tree_id, bool replace) {
        if (!root_link_name_is_valid(name))
                return -EINVAL;
        _cleanup_close_ int dir = open_and_lock(s);
        if (dir < 0)
                return dir;
        if (!replace && faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) >= 0)
                return -EEXIST;
        int r = fill(s, dir, id, tree_id);
        if (r >= 0)
                r = put_in_place(dir, name, replace);
        int q = remove_tree_at(dir, TEMPORARY, true);
        return r < 0 ? r : q;
}

int root_link_remove(Store *s, const char *name) {
        if (!root_link_name_is_valid(name))
                return -ENOENT;
        _cleanup_close_ int dir = open_and_lock(s);
        if (dir < 0)
                return dir;
        if (renameat(dir, name, dir, TEMPORARY) < 0)
                return -errno;
        return remove_tree_at(dir, TEMPORARY, true);
}

/* The ID; NULL if there is none. */
static char *read_image(int dir, const char *name) {
        _cleanup_free_ char *path = xasprintf("%s/image", name), *id = NULL;
        return read_line_at(dir, path, &id) >= 0 && store_id_is_whole(id) ? TAKE_PTR(id) : NULL;
}

int root_links_load(Store *s, RootLink **ret, size_t *ret_n) {
        _cleanup_strv_ char **names = NULL;
        RootLink *links = NULL;
        size_t n = 0;
        _cleanup_close_ int dir = openat(store_fd(s), "../" ROOT_LINKS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = dir < 0 ? -errno : list_directory_at(dir, ".", &names);
        if (r < 0 && r != -ENOENT)
                return r;
        STRV_FOREACH (name, names) {
                char *image = root_link_name_is_valid(*name) ? read_image(dir, *name) : NULL;
                if (!image)
                        continue;
                xgrow(&links, n);
                links[n++] = (RootLink){ .name = xstrdup(*name), .image = image };
        }
        *ret = links;
        *ret_n = n;
        return 0;
}

const RootLink *root_links_find(const RootLink *links, size_t n, const char *id) {
        for (size_t i = 0; i < n; i++)
                if (streq(links[i].image, id))
                        return &links[i];
        return NULL;
}

void root_links_free(RootLink *links, size_t n) {
        for (size_t i = 0; i < n; i++) {
                free(links[i].name);
                free(links[i].image);
        }
        free(links);
}

char *root_link_path(const Store *s, const char *name) {
        _cleanup_free_ char *data = xstrdup(store_path(s));
        *strrchr(data, '/') = 0;
        return xasprintf("%s/" ROOT_LINKS "/%s/rootfs", data, name);
}
