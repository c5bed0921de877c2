/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which trees the layers of one image are, and those that a layer gets for what it lies on. */

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "alloc.h"
#include "file.h"
#include "layer-tree-files.h"
#include "oci-digest.h"
#include "sha256.h"
#include "strv.h"
#include "temporary.h"
#include "tree-link.h"

#define PATHS_MAX ((size_t) 512 * 1024 * 1024)

typedef struct Lower {
        int rootfs;
        bool opaque;
} Lower;

typedef struct Chain {
        Store *store;
        Lower *lowers; /* the trees chosen so far, bottom first */
        size_t n;
        char *id; /* chain ID of these: "sha256:…" */
        char **trees;
        char *error;
        const LayerChainCheck *check;
} Chain;

static void chain_done(Chain *c) {
        for (size_t i = 0; i < c->n; i++)
                close(c->lowers[i].rootfs);
        free(c->lowers);
        free(c->id);
        strv_free(c->trees);
        free(c->error);
}

/* A layer and all below it (image-spec, config.md). */
static int extend_id(Chain *c, const char *diff_id) {
        _cleanup_free_ char *diff = oci_digest_from_id(diff_id), *text = NULL;
        if (!c->id) {
                c->id = TAKE_PTR(diff);
                return 0;
        }
        text = xasprintf("%s %s", c->id, diff);
        free(c->id);
        c->id = sha256_digest(text, strlen(text));
        return c->id ? 0 : -ENOMEM;
}

typedef enum Finding {
        FINDING_ABSENT, /* but a layer below may have it */
        FINDING_HIDDEN, /* and none below may show it */
        FINDING_DIRECTORY,
        FINDING_OTHER,
} Finding;

static bool is_opaque(int fd) {
        char value;
        return fgetxattr(fd, OVERLAY_OPAQUE, &value, 1) == 1 && value == 'y';
}

static bool is_whiteout(const struct stat *st) {
        return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

static int step(int *fd, const char *name, bool *hidden) {
        struct stat st;
        if (fstatat(*fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno != ENOENT ? -errno : *hidden ? FINDING_HIDDEN : FINDING_ABSENT;
        if (!S_ISDIR(st.st_mode))
                return is_whiteout(&st) ? FINDING_HIDDEN : FINDING_OTHER;
        int next = openat(*fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0)
                return -errno;
        close(*fd);
        *fd = next;
        *hidden |= is_opaque(next);
        return FINDING_DIRECTORY;
}

static int find_in(const Lower *lower, const char *path, int *ret) {
        _cleanup_strv_ char **names = strv_split(path, '/');
        _cleanup_close_ int fd = fcntl(lower->rootfs, F_DUPFD_CLOEXEC, 3);
        bool hidden = lower->opaque;
        int r = fd < 0 ? -errno : FINDING_DIRECTORY;
        for (char **name = names; *name && r == FINDING_DIRECTORY; name++)
                r = step(&fd, *name, &hidden);
        if (r == FINDING_DIRECTORY)
                *ret = TAKE_FD(fd);
        return r;
}

/* What the layers below show at path. */
static int find(const Chain *c, const char *path, int *ret) {
        int r = FINDING_ABSENT;
        for (size_t i = c->n; i > 0 && r == FINDING_ABSENT; i--)
                r = find_in(&c->lowers[i - 1], path, ret);
        return r;
}

static char *parent_of(const char *path) {
        const char *slash = strrchr(path, '/');
        return xstrndup(path, slash ? slash - path : 0);
}

/* For each implied directory that there is below the layer. */
typedef int (*Visit)(int lower, const char *path, void *userdata);

static int visit_implied(Chain *c, const Paths *implied, Visit visit, void *userdata) {
        const char *absent = NULL; /* then nothing is in it, either */
        for (const char *p = implied->text; p < implied->text + implied->size; p += strlen(p) + 1) {
                _cleanup_close_ int fd = -1;
                if (absent && startswith(p, absent) && p[strlen(absent)] == '/')
                        continue;
                int r = find(c, p, &fd);
                absent = r == FINDING_ABSENT || r == FINDING_HIDDEN ? p : NULL;
                if (r == FINDING_OTHER) {
                        c->error = xasprintf("it has entries in \"%.200s\", which is a link or a file in a "
                                             "layer below, and no entry that makes it a directory",
                                        p);
                        return -ENOTDIR;
                }
                if (r == FINDING_DIRECTORY)
                        r = visit(fd, p, userdata);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int count(int lower, const char *path, void *userdata) {
        ++*(size_t *) userdata;
        return 0;
}

/* The path is what a process said that had parsed an archive. */
static int inherit(int lower, const char *path, void *userdata) {
        _cleanup_close_ int fd = openat_beneath(*(int *) userdata, path, O_RDONLY | O_DIRECTORY);
        if (fd == -ELOOP)
                return 0; /* by way of a link of the layer's own */
        return fd < 0 ? fd : tree_copy_status(lower, fd, false);
}

/* For each whiteout in a directory that no layer below shows. */
static int visit_idle(Chain *c, const Paths *whiteouts, Visit visit, void *userdata) {
        _cleanup_free_ char *last = NULL;
        bool idle = false;
        for (const char *p = whiteouts->text; p < whiteouts->text + whiteouts->size; p += strlen(p) + 1) {
                _cleanup_close_ int fd = -1;
                _cleanup_free_ char *parent = parent_of(p);
                int r = 0;
                if (!streq_ptr(parent, last)) {
                        r = find(c, parent, &fd);
                        idle = r != FINDING_DIRECTORY;
                        free(last);
                        last = TAKE_PTR(parent);
                }
                if (r >= 0)
                        r = idle ? visit(-1, p, userdata) : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}

/* The directory keeps its times. */
static int remove_whiteout(int lower, const char *path, void *userdata) {
        _cleanup_free_ char *parent = parent_of(path);
        const char *name = path + strlen(parent) + 1;
        _cleanup_close_ int fd = openat_beneath(*(int *) userdata, parent, O_RDONLY | O_DIRECTORY);
        struct stat directory, st;
        if (fd == -ELOOP)
                return 0;
        if (fd < 0 || fstat(fd, &directory) < 0 || fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return fd < 0 ? fd : -errno;
        const struct timespec times[2] = { directory.st_atim, directory.st_mtim };
        if (is_whiteout(&st) && (unlinkat(fd, name, 0) < 0 || futimens(fd, times) < 0))
                return -errno;
        return 0;
}

/* What a layer's own tree is to be changed by. */
typedef struct Changes {
        const char *own;
        Paths implied, whiteouts;
} Changes;

static void changes_done(Changes *changes) {
        free(changes->implied.text);
        free(changes->whiteouts.text);
}

static int fill_variant(Chain *c, const Changes *changes, const char *temporary, int rootfs) {
        _cleanup_free_ char *path = xasprintf(STORE_TREES "/%s/rootfs", changes->own);
        _cleanup_close_ int from =
                        openat(store_fd(c->store), path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_close_ int top = openat(
                        store_fd(c->store), temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        LayerTree tree;
        if (from < 0 || top < 0)
                return -errno;
        raise_descriptor_limit();
        int r = tree_link(from, rootfs);
        if (r >= 0)
                r = visit_idle(c, &changes->whiteouts, remove_whiteout, &rootfs);
        if (r >= 0)
                r = visit_implied(c, &changes->implied, inherit, &rootfs);
        if (r >= 0)
                r = layer_tree_load(c->store, changes->own, &tree);
        if (r >= 0)
                r = layer_tree_save(top, &tree);
        return r >= 0 && syncfs(top) < 0 ? -errno : r;
}

static int make_variant(Chain *c, const Changes *changes, const char *variant) {
        _cleanup_free_ char *temporary = NULL;
        _cleanup_close_ int rootfs = temporary_tree(c->store, &temporary);
        if (rootfs < 0)
                return rootfs;
        int r = fill_variant(c, changes, temporary, rootfs);
        if (r >= 0 && c->check)
                return c->check->take(c->check->userdata, variant, temporary, rootfs);
        if (r < 0)
                remove_tree_at(store_fd(c->store), temporary, false);
        else
                r = layer_tree_place(c->store, temporary, variant);
        return r;
}

static int read_paths(Chain *c, const char *own, const char *name, Paths *ret) {
        _cleanup_free_ char *path = xasprintf(STORE_TREES "/%s/%s", own, name);
        int r = read_file_at(store_fd(c->store), path, PATHS_MAX, &ret->text, &ret->size);
        return r == -ENOENT ? 0 : r;
}

/* How many changes the layers below make necessary. */
static int count_changes(Chain *c, Changes *changes, size_t *ret) {
        *ret = 0;
        int r = read_paths(c, changes->own, "implied", &changes->implied);
        if (r >= 0)
                r = read_paths(c, changes->own, "whiteouts", &changes->whiteouts);
        if (r >= 0)
                r = visit_implied(c, &changes->implied, count, ret);
        return r < 0 ? r : visit_idle(c, &changes->whiteouts, count, ret);
}

/* Under the chain ID; but that of the lowest layer is its diff ID, which its own tree is called by. */
static char *variant_tree_id(const Chain *c) {
        _cleanup_free_ char *digest = c->n > 0 ? xstrdup(c->id) : sha256_digest(c->id, strlen(c->id)),
                            *id = oci_digest_to_id(digest);
        return layer_tree_id(id);
}

/* The tree of the layer's own, or one for the layers below it if they make that necessary. */
static int choose_tree(Chain *c, const char *own, char **ret) {
        _cleanup_(changes_done) Changes changes = { .own = own };
        size_t n;
        int r = count_changes(c, &changes, &n);
        if (r < 0 || n == 0) {
                *ret = xstrdup(own);
                return r;
        }
        _cleanup_free_ char *variant = variant_tree_id(c), *there = xasprintf(STORE_TREES "/%s", variant);
        if (c->check || faccessat(store_fd(c->store), there, F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
                r = c->check || errno == ENOENT ? make_variant(c, &changes, variant) : -errno;
                if (r < 0)
                        return r;
        } else
                utimensat(store_fd(c->store), there, NULL, AT_SYMLINK_NOFOLLOW);
        *ret = TAKE_PTR(variant);
        return 0;
}

static int add_lower(Chain *c, const char *tree_id) {
        _cleanup_free_ char *path = xasprintf(STORE_TREES "/%s/rootfs", tree_id);
        LayerTree tree;
        int r = layer_tree_load(c->store, tree_id, &tree);
        if (r < 0)
                return r;
        int fd = openat(store_fd(c->store), path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        xgrow(&c->lowers, c->n);
        c->lowers[c->n++] = (Lower){ fd, tree.opaque };
        return 0;
}

static int add_layer(Chain *c, const char *diff_id) {
        _cleanup_free_ char *own = layer_tree_id(diff_id), *tree = NULL;
        int r = extend_id(c, diff_id);
        if (r >= 0)
                r = choose_tree(c, own, &tree);
        if (r >= 0)
                r = add_lower(c, tree);
        if (r >= 0)
                strv_push(&c->trees, TAKE_PTR(tree));
        return r;
}

int layer_chain_trees(Store *s, char *const *diff_ids, const LayerChainCheck *check, char ***ret,
                char **ret_error) {
        _cleanup_(chain_done) Chain c = { .store = s, .trees = strv_copy(NULL), .check = check };
        STRV_FOREACH (id, diff_ids) {
                int r = add_layer(&c, *id);
                if (r < 0) {
                        *ret_error = xasprintf("layer %s: %s", *id, c.error ?: strerror(-r));
                        return r;
                }
        }
        *ret = TAKE_PTR(c.trees);
        return 0;
}
