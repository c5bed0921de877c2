/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A layer of an OCI image (image-spec, layer.md): a tar of what it adds and changes, with empty files for
 * what it takes away: ".wh.NAME" for NAME, ".wh..wh..opq" for all that earlier layers have in a directory.
 */

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "unpack-internal.h"

#define WHITEOUT_PREFIX ".wh."
#define METADATA_PREFIX                                                                                     \
        ".wh..wh." /* of aufs, where whiteouts come from: no business of ours but the next                  \
                    */
#define OPAQUE_MARKER ".wh..wh..opq"

static int take_opaque_marker(Unpack *u, const char *path, size_t length) {
        int r = unpack_tree_hide(u->tree, u->layer, path, length, true);
        return r < 0 ? unpack_fail(u, r, "cannot note it: %s", strerror(-r)) : 0;
}

/* An entry of the same layer counts, be it before or behind the whiteout, which is only about layers below.
 */
static int take_whiteout(Unpack *u, const char *path, int parent, const char *name) {
        size_t length = strlen(path);
        PathNote note = path_set_get(unpack_tree_paths(u->tree), path, length);
        int r = 0;
        if (note.kind == PATH_IMPLIED || note.kind == PATH_DIRECTORY)
                r = unpack_tree_hide(u->tree, u->layer, path, length, false);
        else if (note.kind == PATH_ABSENT) {
                path_set_put(unpack_tree_paths(u->tree), path, length,
                                (PathNote){ .kind = PATH_WHITEOUT, .layer = u->layer });
                r = unpack_tree_whiteout(u->tree, parent, name, path);
        }
        return r < 0 ? unpack_fail(u, r, "cannot create the whiteout: %s", strerror(-r)) : 0;
}

/* A file whose name begins with ".wh." stands at path; base is its name. */
static int take_mark(Unpack *u, char *path, const char *base) {
        size_t before = base - path; /* the directory with its slash */
        const char *hidden = base + strlen(WHITEOUT_PREFIX), *name;
        bool opaque = streq(base, OPAQUE_MARKER);
        int parent;
        if (!opaque && startswith(base, METADATA_PREFIX))
                return 0;
        if (!*hidden || streq(hidden, ".") || streq(hidden, ".."))
                return unpack_fail(u, EINVAL, "it is a whiteout of nothing");
        int r = unpack_tree_parent(u->tree, u->layer, path, &parent, &name);
        if (r < 0)
                return unpack_fail(u, r, "cannot reach the directory it lies in: %s", strerror(-r));
        if (r > 0)
                return 0;
        if (opaque)
                return take_opaque_marker(u, path, before > 0 ? before - 1 : 0);
        memmove(path + before, hidden, strlen(hidden) + 1);
        return take_whiteout(u, path, parent, path + before);
}

/* 1 if path has a component with the prefix before its last one. */
static bool lies_in(const char *path, const char *prefix) {
        for (const char *slash; (slash = strchr(path, '/')); path = slash + 1)
                if (startswith(path, prefix))
                        return true;
        return false;
}

/* A layer above this one has something at path. */
static int take_below(Unpack *u, struct archive_entry *e, PathNote note, int parent, const char *name,
                const char *path) {
        PathKind kind = unpack_entry_kind(e);
        PathSet *paths = unpack_tree_paths(u->tree);
        bool sealed = note.sealed > 0 && u->layer >= note.sealed;
        if (note.kind == PATH_IMPLIED && kind == PATH_DIRECTORY && !sealed) {
                note.kind = PATH_DIRECTORY;
                path_set_put(paths, path, strlen(path), note);
                return unpack_take_node(u, e, parent, name, path);
        }
        /* a directory over something else shows nothing of what lies deeper */
        if ((note.kind == PATH_IMPLIED || note.kind == PATH_DIRECTORY) && kind != PATH_DIRECTORY) {
                int r = unpack_tree_hide(u->tree, u->layer, path, strlen(path), false);
                if (r < 0)
                        return unpack_fail_step(u, r, "note it");
        }
        return unpack_drop(u, kind, path);
}

/* What is at this place by another path of the same layer, one with a link in it, or of a layer above. 1:
 * the entry is not to be seen. */
static int clear_linked(Unpack *u, int parent, const char *name) {
        struct stat st;
        if (u->root < 0 || !unpack_tree_parent_is_linked(u->tree) ||
                        fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode))
                return 0;
        return u->layer > 0 ? 1 : unpack_tree_remove(u->tree, parent, name);
}

/* The last of several entries counts, as with tar and with other runtimes. */
static int clear_place(Unpack *u, PathNote note, PathKind kind, int parent, const char *name) {
        bool directory = note.kind == PATH_IMPLIED || note.kind == PATH_DIRECTORY;
        bool there = note.kind == PATH_FILE || note.kind == PATH_LINK ||
                     (note.kind == PATH_WHITEOUT && u->format == UNPACK_OCI_LAYER);
        if (directory && kind != PATH_DIRECTORY)
                return unpack_fail(u, EISDIR, "the layer has a directory of this path, too");
        if (u->root < 0)
                return 0;
        int r = there ? unpack_tree_remove(u->tree, parent, name) : 0;
        if (r >= 0 && !directory)
                r = clear_linked(u, parent, name);
        return r < 0 ? unpack_fail_step(u, r, "replace an earlier one") : r;
}

static int take_inside(Unpack *u, struct archive_entry *e, const char *path) {
        PathKind kind = unpack_entry_kind(e);
        PathSet *paths = unpack_tree_paths(u->tree);
        size_t length = strlen(path);
        const char *name;
        int parent, r = unpack_tree_parent(u->tree, u->layer, path, &parent, &name);
        if (r < 0)
                return unpack_fail(u, r, "cannot reach the directory it lies in: %s", strerror(-r));
        if (r > 0)
                return unpack_drop(u, kind, path);
        PathNote note = path_set_get(paths, path, length);
        if (note.kind != PATH_ABSENT && note.layer < u->layer)
                return take_below(u, e, note, parent, name, path);
        r = clear_place(u, note, kind, parent, name);
        if (r != 0)
                return r < 0 ? r : unpack_drop(u, kind, path);
        bool was_hidden = note.kind == PATH_WHITEOUT && kind == PATH_DIRECTORY;
        path_set_put(paths, path, length,
                        (PathNote){
                                        .kind = kind,
                                        .layer = u->layer,
                                        .hidden = note.hidden,
                                        .sealed = note.sealed,
                        });
        if (was_hidden && (r = unpack_tree_hide(u->tree, u->layer, path, length, false)) < 0)
                return unpack_fail_step(u, r, "note it");
        return unpack_take_node(u, e, parent, name, path);
}

static int take_root(Unpack *u, struct archive_entry *e) {
        PathSet *paths = unpack_tree_paths(u->tree);
        PathNote note = path_set_get(paths, "", 0);
        if (archive_entry_hardlink(e) || archive_entry_filetype(e) != AE_IFDIR)
                return unpack_fail(u, ENOTDIR, "the top must be a directory");
        if (note.kind == PATH_DIRECTORY && note.layer < u->layer)
                return 0;
        path_set_put(paths, "", 0,
                        (PathNote){ .kind = PATH_DIRECTORY, .layer = u->layer, .hidden = note.hidden });
        return unpack_take_directory(u, e, u->root, NULL, "");
}

int unpack_take_oci_entry(Unpack *u, struct archive_entry *e) {
        char path[PATH_MAX];
        int r = unpack_begin_entry(u, e, path);
        if (r < 0)
                return r;
        if (path[0] == 0)
                return take_root(u, e);
        if (lies_in(path, METADATA_PREFIX))
                return 0;
        if (lies_in(path, WHITEOUT_PREFIX))
                return unpack_fail(u, EINVAL, "it lies in what can only be a whiteout");
        const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
        return startswith(base, WHITEOUT_PREFIX) ? take_mark(u, path, base) : take_inside(u, e, path);
}
