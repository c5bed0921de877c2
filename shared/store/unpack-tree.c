/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unpack-tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "alloc.h"
#include "file.h"

#define NAMES_MAX ((size_t) 256 * 1024 * 1024)

struct UnpackTree {
        int root;
        bool privileged;
        PathSet *paths;

        /* the parent found last: most entries follow one of the same directory */
        char parent_path[PATH_MAX];
        size_t parent_length;
        unsigned parent_layer;
        bool parent_known, parent_hidden;
        int parent_fd;

        UnpackDirectory *directories;
        size_t n_directories, names_size;
};

UnpackTree *unpack_tree_new(int root, bool privileged) {
        UnpackTree *t = xnew(UnpackTree, 1);
        t->root = root;
        t->privileged = privileged;
        t->parent_fd = -1;
        t->paths = path_set_new();
        return t;
}

void unpack_tree_free(UnpackTree *t) {
        path_set_free(t->paths);
        if (t->parent_fd >= 0)
                close(t->parent_fd);
        for (size_t i = 0; i < t->n_directories; i++)
                free((char *) t->directories[i].path);
        free(t->directories);
        free(t);
}

PathSet *unpack_tree_paths(UnpackTree *t) {
        return t->paths;
}

static int open_directory(UnpackTree *t, const char *path, size_t length) {
        char copy[PATH_MAX];
        memcpy(copy, path, length);
        copy[length] = 0;
        return openat_in_root(t->root, copy, O_PATH | O_DIRECTORY, 0);
}

/* The owner and mode of directories that no entry speaks of: root's, 0755. */
static int make_implied(UnpackTree *t, int parent, const char *name) {
        /* what openat2 has not found, and yet is there, is a link that leads nowhere */
        if (mkdirat(parent, name, 0755) < 0)
                return errno == EEXIST ? -ENOENT : -errno;
        if (t->privileged && fchownat(parent, name, 0, 0, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        /* a directory takes setgid from its parent */
        return fchmodat(parent, name, 0755, 0) < 0 ? -errno : 0;
}

static int make_parents(UnpackTree *t, const char *path, size_t length) {
        _cleanup_close_ int fd = fcntl(t->root, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return -errno;
        for (size_t start = 0, end; start < length; start = end + 1) {
                char name[NAME_MAX + 1];
                end = start + strcspn(path + start, "/");
                if (end > length)
                        end = length;
                memcpy(name, path + start, end - start);
                name[end - start] = 0;
                int next = open_directory(t, path, end);
                if (next == -ENOENT) {
                        int r = make_implied(t, fd, name);
                        if (r < 0)
                                return r;
                        next = open_directory(t, path, end);
                }
                if (next < 0)
                        return next;
                close(fd);
                fd = next;
        }
        return TAKE_FD(fd);
}

/* Looks at each directory on the way to path, and notes those that are new. 1: hidden by an earlier layer.
 */
static int note_parents(UnpackTree *t, unsigned layer, const char *path, size_t length) {
        for (size_t end = 0; end < length; end++) {
                end += strcspn(path + end, "/");
                if (end > length)
                        end = length;
                PathNote note = path_set_get(t->paths, path, end);
                if (note.kind == PATH_ABSENT)
                        path_set_put(t->paths, path, end, (PathNote){ PATH_IMPLIED, layer });
                else if (note.kind == PATH_LINK || note.kind == PATH_FILE) {
                        if (note.layer < layer)
                                return 1;
                        if (note.kind == PATH_FILE)
                                return -ENOTDIR;
                }
        }
        return 0;
}

static void forget_parent(UnpackTree *t) {
        if (t->parent_fd >= 0)
                close(t->parent_fd);
        t->parent_fd = -1;
        t->parent_known = false;
}

static int find_parent(UnpackTree *t, unsigned layer, const char *path, size_t length) {
        if (t->parent_known && t->parent_layer == layer && t->parent_length == length &&
                        memcmp(t->parent_path, path, length) == 0)
                return 0;
        forget_parent(t);
        int r = note_parents(t, layer, path, length);
        if (r < 0)
                return r;
        t->parent_hidden = r > 0;
        if (!t->parent_hidden && t->root >= 0 && length > 0) {
                t->parent_fd = open_directory(t, path, length);
                if (t->parent_fd == -ENOENT)
                        t->parent_fd = make_parents(t, path, length);
                if (t->parent_fd < 0) {
                        r = t->parent_fd;
                        t->parent_fd = -1;
                        return r;
                }
        }
        memcpy(t->parent_path, path, length);
        t->parent_length = length;
        t->parent_layer = layer;
        t->parent_known = true;
        return 0;
}

int unpack_tree_parent(
                UnpackTree *t, unsigned layer, const char *path, int *ret_parent, const char **ret_name) {
        const char *slash = strrchr(path, '/');
        int r = find_parent(t, layer, path, slash ? slash - path : 0);
        if (r < 0)
                return r;
        if (t->parent_hidden)
                return 1;
        *ret_parent = slash ? t->parent_fd : t->root;
        *ret_name = slash ? slash + 1 : path;
        return 0;
}

int unpack_tree_find(UnpackTree *t, const char *path, int *ret_parent, const char **ret_name) {
        const char *slash = strrchr(path, '/');
        int fd = slash ? open_directory(t, path, slash - path) : fcntl(t->root, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return slash ? fd : -errno;
        *ret_parent = fd;
        *ret_name = slash ? slash + 1 : path;
        return 0;
}

int unpack_tree_directory(UnpackTree *t, int parent, const char *name, const UnpackDirectory *d) {
        if (t->root < 0)
                return 0;
        t->names_size += strlen(d->path);
        if (t->names_size > NAMES_MAX)
                return -E2BIG;
        if (d->path[0] != 0) {
                /* what is there can only be a directory that was implied: anything else is in the set */
                if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
                        return -errno;
                if (t->privileged && fchownat(parent, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0)
                        return -errno;
        } else if (t->privileged && fchown(t->root, d->uid, d->gid) < 0)
                return -errno;
        xgrow(&t->directories, t->n_directories);
        t->directories[t->n_directories] = *d;
        t->directories[t->n_directories++].path = xstrdup(d->path);
        return 0;
}

static int finish_directory(UnpackTree *t, const UnpackDirectory *d) {
        _cleanup_close_ int fd = openat_in_root(
                        t->root, d->path[0] ? d->path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
        if (fd < 0)
                return fd;
        if (fchmod(fd, d->mode) < 0 || futimens(fd, d->times) < 0)
                return -errno;
        return 0;
}

/* Deepest first, so that a mode without search permission stops only those who come later. */
int unpack_tree_finish(UnpackTree *t, const char **ret_path) {
        forget_parent(t);
        for (size_t i = t->n_directories; i-- > 0;) {
                int r = finish_directory(t, &t->directories[i]);
                if (r < 0) {
                        *ret_path = t->directories[i].path;
                        return r;
                }
        }
        return 0;
}
