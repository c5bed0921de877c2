/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unpack-tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "alloc.h"
#include "file.h"
#include "unpack-format.h"

#define NAMES_MAX ((size_t) 256 * 1024 * 1024)

struct UnpackTree {
        int root;
        bool privileged;
        PathSet *paths;

        /* the parent found last: most entries follow one of the same directory */
        char parent_path[PATH_MAX];
        size_t parent_length;
        unsigned parent_layer;
        bool parent_known, parent_hidden, parent_linked;
        int parent_fd;

        UnpackDirectory *directories;
        size_t n_directories, names_size;
        bool repeated; /* there may be several entries for one directory */

        bool single; /* what follows is kept */
        char **implied, **opaque, **whiteouts;
        size_t n_implied, n_opaque, n_whiteouts;
};

UnpackTree *unpack_tree_new(int root, bool privileged, bool single) {
        UnpackTree *t = xnew(UnpackTree, 1);
        t->root = root;
        t->privileged = privileged;
        t->single = single;
        t->parent_fd = -1;
        t->paths = path_set_new();
        return t;
}

static void free_paths(char **paths, size_t n) {
        for (size_t i = 0; i < n; i++)
                free(paths[i]);
        free(paths);
}

void unpack_tree_free(UnpackTree *t) {
        free_paths(t->implied, t->n_implied);
        free_paths(t->opaque, t->n_opaque);
        free_paths(t->whiteouts, t->n_whiteouts);
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

static int keep_path(UnpackTree *t, char ***paths, size_t *n, const char *path, size_t length) {
        if (!t->single)
                return 0;
        t->names_size += length;
        if (t->names_size > NAMES_MAX)
                return -E2BIG;
        xgrow(paths, *n);
        (*paths)[(*n)++] = xstrndup(path, length);
        return 0;
}

static int note_implied(UnpackTree *t, unsigned layer, const char *path, size_t length) {
        path_set_put(t->paths, path, length, (PathNote){ .kind = PATH_IMPLIED, .layer = layer });
        return keep_path(t, &t->implied, &t->n_implied, path, length);
}

int unpack_tree_hide(UnpackTree *t, unsigned layer, const char *path, size_t length, bool inherits) {
        PathNote note = path_set_get(t->paths, path, length);
        bool before = note.hidden > 0;
        if (note.kind == PATH_FILE || note.kind == PATH_LINK)
                return -ENOTDIR;
        if (note.kind == PATH_ABSENT || note.kind == PATH_WHITEOUT) /* the root; what an entry lies in */
                note = (PathNote){ .kind = PATH_IMPLIED, .layer = layer };
        if (!inherits && note.sealed == 0)
                note.sealed = layer + 1;
        if (!before)
                note.hidden = layer + 1;
        path_set_put(t->paths, path, length, note);
        return before ? 0 : keep_path(t, &t->opaque, &t->n_opaque, path, length);
}

static bool hides(PathNote note, unsigned layer) {
        return note.hidden > 0 && layer >= note.hidden;
}

/* A whiteout's path turns out to be a directory of the same layer. */
static int replace_whiteout(UnpackTree *t, unsigned layer, const char *path, size_t length) {
        _cleanup_free_ char *copy = xstrndup(path, length);
        _cleanup_close_ int parent = -1;
        const char *name;
        if (t->single && t->root >= 0) {
                int r = unpack_tree_find(t, copy, &parent, &name);
                if (r >= 0)
                        r = unpack_tree_remove(t, parent, name);
                if (r < 0)
                        return r;
        }
        return unpack_tree_hide(t, layer, path, length, false);
}

/* Looks at one directory on the way to an entry. 1: what this layer has in it is hidden by one above. */
static int note_parent(UnpackTree *t, unsigned layer, const char *path, size_t length) {
        PathNote note = path_set_get(t->paths, path, length);
        switch (note.kind) {
        case PATH_ABSENT: return note_implied(t, layer, path, length);
        case PATH_FILE: return note.layer < layer ? 1 : -ENOTDIR;
        case PATH_WHITEOUT: return note.layer < layer ? 1 : replace_whiteout(t, layer, path, length);
        case PATH_LINK: t->parent_linked = true; return note.layer < layer;
        case PATH_IMPLIED:
        case PATH_DIRECTORY: break;
        }
        return hides(note, layer);
}

/* All of them; notes those that are new. */
static int note_parents(UnpackTree *t, unsigned layer, const char *path, size_t length) {
        t->parent_linked = false;
        int r = hides(path_set_get(t->paths, "", 0), layer);
        for (size_t end = 0; end < length && r == 0; end++) {
                end += strcspn(path + end, "/");
                if (end > length)
                        end = length;
                r = note_parent(t, layer, path, end);
        }
        return r;
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

bool unpack_tree_parent_is_linked(const UnpackTree *t) {
        return t->parent_linked;
}

/* It may have been a link, by way of which a parent was found. */
int unpack_tree_remove(UnpackTree *t, int parent, const char *name) {
        t->parent_known = false;
        return unlinkat(parent, name, 0) < 0 && errno != ENOENT ? -errno : 0;
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
                if (mkdirat(parent, name, 0700) < 0) {
                        if (errno != EEXIST)
                                return -errno;
                        t->repeated = true;
                }
                if (t->privileged && fchownat(parent, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0)
                        return -errno;
        } else {
                t->repeated = true;
                if (t->privileged && fchown(t->root, d->uid, d->gid) < 0)
                        return -errno;
        }
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

/* Whether a directory above path shows nothing of the layers below. */
static bool lies_in_hiding(const UnpackTree *t, const char *path) {
        if (path_set_get(t->paths, "", 0).hidden > 0)
                return true;
        for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/'))
                if (path_set_get(t->paths, path, slash - path).hidden > 0)
                        return true;
        return false;
}

static bool is_whiteout(const UnpackTree *t, const char *path) {
        return path_set_get(t->paths, path, strlen(path)).kind == PATH_WHITEOUT && !lies_in_hiding(t, path);
}

/* Those in directories that hide what is below anyway. Overlayfs would list them: it only looks for
 * whiteouts where it merges directories. */
static int remove_idle_whiteouts(UnpackTree *t) {
        for (size_t i = 0; i < t->n_whiteouts; i++) {
                const char *path = t->whiteouts[i], *name;
                _cleanup_close_ int parent = -1;
                if (path_set_get(t->paths, path, strlen(path)).kind != PATH_WHITEOUT ||
                                !lies_in_hiding(t, path) || t->root < 0)
                        continue;
                int r = unpack_tree_find(t, path, &parent, &name);
                if (r >= 0)
                        r = unpack_tree_remove(t, parent, name);
                if (r < 0)
                        return r;
        }
        return 0;
}

int unpack_tree_whiteout(UnpackTree *t, int parent, const char *name, const char *path) {
        if (!t->single)
                return 0;
        if (t->root >= 0 && mknodat(parent, name, S_IFCHR, 0) < 0)
                return -errno;
        return keep_path(t, &t->whiteouts, &t->n_whiteouts, path, strlen(path));
}

/* Deepest first, so that a mode without search permission stops only those who come later; and the last
 * entry for each. */
int unpack_tree_finish(UnpackTree *t, const char **ret_path) {
        _cleanup_(path_set_freep) PathSet *done = t->repeated ? path_set_new() : NULL;
        int r = remove_idle_whiteouts(t);
        forget_parent(t);
        for (size_t i = t->n_directories; i-- > 0 && r >= 0;) {
                const UnpackDirectory *d = &t->directories[i];
                size_t length = strlen(d->path);
                if (done && path_set_get(done, d->path, length).kind != PATH_ABSENT)
                        continue;
                if (done)
                        path_set_put(done, d->path, length, (PathNote){ .kind = PATH_DIRECTORY });
                r = finish_directory(t, d);
                if (r < 0)
                        *ret_path = d->path;
        }
        return r;
}

/* Whether a directory of a layer below can still be seen at path. */
static bool shows_lower(const UnpackTree *t, const char *path) {
        PathNote note = path_set_get(t->paths, path, strlen(path));
        return note.kind == PATH_IMPLIED && note.sealed == 0 && !lies_in_hiding(t, path);
}

int unpack_tree_write_notes(const UnpackTree *t, int fd) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        if (!f)
                return -ENOMEM;
        if (path_set_get(t->paths, "", 0).kind == PATH_DIRECTORY)
                fprintf(f, "%c%c", UNPACK_NOTE_ROOT, 0);
        for (size_t i = 0; i < t->n_implied; i++)
                if (shows_lower(t, t->implied[i]))
                        fprintf(f, "%c%s%c", UNPACK_NOTE_IMPLIED, t->implied[i], 0);
        for (size_t i = 0; i < t->n_whiteouts; i++)
                if (is_whiteout(t, t->whiteouts[i]) && strchr(t->whiteouts[i], '/'))
                        fprintf(f, "%c%s%c", UNPACK_NOTE_WHITEOUT, t->whiteouts[i], 0);
        for (size_t i = 0; i < t->n_opaque; i++)
                fprintf(f, "%c%s%c", UNPACK_NOTE_OPAQUE, t->opaque[i], 0);
        if (fclose(f) != 0)
                return -ENOMEM;
        return write_all(fd, text, size);
}
