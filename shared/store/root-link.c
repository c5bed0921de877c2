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
#define STACK     ".mstack"

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

/* What a link consists of. */
typedef struct Content {
        const char *name, *id;
        const ImageTrees *trees;
        bool stack;
} Content;

static int make_directory(int dir, const char *name) {
        if (mkdirat(dir, name, 0755) < 0)
                return -errno;
        int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int link_tree(Store *s, int dir, const char *name, const char *tree_id) {
        _cleanup_close_ int from = open_tree_root(s, tree_id);
        _cleanup_close_ int to = from < 0 ? from : make_directory(dir, name);
        return to < 0 ? to : tree_link(from, to);
}

/* Above the others, for what the root directory itself is. */
static int add_root_layer(Store *s, int stack, const char *name, const char *tree_id) {
        _cleanup_close_ int from = open_tree_root(s, tree_id);
        _cleanup_close_ int to = from < 0 ? from : make_directory(stack, name);
        return to < 0 ? to : tree_copy_status(from, to, false);
}

/* A layer that is the only one is not mounted as an overlay: systemd binds it, and who has it as a root writes
 * to it. With an empty one below nobody can. */
static int fill_stack(Store *s, int stack, const Content *c) {
        size_t n = strv_length(c->trees->ids), lowest = n == 1 ? 1 : 0;
        if (lowest > 0 && mkdirat(stack, "layer@0", 0755) < 0)
                return -errno;
        if (!store_id_is_oci(c->id))
                return link_tree(s, stack, "layer@1", c->trees->ids[0]);
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *layer = xasprintf("layer@%zu", lowest + n - 1 - i);
                _cleanup_free_ char *target =
                                xasprintf("../../../cas/" STORE_TREES "/%s/rootfs", c->trees->ids[i]);
                if (symlinkat(target, stack, layer) < 0)
                        return -errno;
        }
        if (c->trees->root == 0)
                return 0;
        _cleanup_free_ char *layer = xasprintf("layer@%zu", n);
        return add_root_layer(s, stack, layer, c->trees->ids[c->trees->root]);
}

static int fill(Store *s, int dir, const Content *c) {
        _cleanup_free_ char *line = xasprintf("%s\n", c->id), *stack_name = xasprintf("%s" STACK, c->name);
        _cleanup_close_ int link = make_directory(dir, TEMPORARY);
        _cleanup_close_ int stack = link >= 0 && c->stack ? make_directory(link, stack_name) : -1;
        int r = link;
        if (r >= 0 && !c->stack)
                r = link_tree(s, link, "rootfs", c->trees->ids[0]);
        else if (r >= 0)
                r = stack < 0 ? stack : fill_stack(s, stack, c);
        if (r >= 0)
                r = write_string_at(link, "image", line, 0644);
        return r >= 0 && syncfs(link) < 0 ? -errno : r;
}

/* With another one there already, the two change places, and the old one is what is removed. */
static int put_in_place(int dir, const char *name, bool replace) {
        if (renameat2(dir, TEMPORARY, dir, name, RENAME_NOREPLACE) >= 0)
                return fsync(dir) < 0 ? -errno : 0;
        if (errno != EEXIST || !replace)
                return -errno;
        return renameat2(dir, TEMPORARY, dir, name, RENAME_EXCHANGE) < 0 || fsync(dir) < 0 ? -errno : 0;
}

static int make(Store *s, const Content *c, bool replace) {
        const char *name = c->name;
        if (!root_link_name_is_valid(name))
                return -EINVAL;
        _cleanup_close_ int dir = open_and_lock(s);
        if (dir < 0)
                return dir;
        if (!replace && faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) >= 0)
                return -EEXIST;
        int r = fill(s, dir, c);
        if (r >= 0)
                r = put_in_place(dir, name, replace);
        int q = remove_tree_at(dir, TEMPORARY, true);
        return r < 0 ? r : q;
}

int root_link_make(Store *s, const char *name, const char *id, const char *tree_id, bool replace) {
        char *ids[] = { (char *) tree_id, NULL };
        return make(s, &(Content){ .name = name, .id = id, .trees = &(ImageTrees){ .ids = ids } }, replace);
}

int root_link_make_stack(Store *s, const char *name, const char *id, const ImageTrees *trees, bool replace) {
        return make(s, &(Content){ .name = name, .id = id, .trees = trees, .stack = true }, replace);
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
                _cleanup_free_ char *stack = xasprintf("%s/%s" STACK, *name, *name);
                xgrow(&links, n);
                links[n++] = (RootLink){
                        .name = xstrdup(*name),
                        .image = image,
                        .stack = faccessat(dir, stack, F_OK, AT_SYMLINK_NOFOLLOW) == 0,
                };
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

char *root_link_path(const Store *s, const char *name, bool stack) {
        _cleanup_free_ char *data = xstrdup(store_path(s));
        *strrchr(data, '/') = 0;
        return stack ? xasprintf("%s/" ROOT_LINKS "/%s/%s" STACK, data, name, name)
                     : xasprintf("%s/" ROOT_LINKS "/%s/rootfs", data, name);
}
