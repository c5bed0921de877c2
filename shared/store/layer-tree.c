/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layer-tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "alloc.h"
#include "file.h"
#include "json.h"
#include "layer-tree-files.h"
#include "unpack-format.h"

#define RECORD_MAX ((size_t) 64 * 1024)

char *layer_tree_id(const char *diff_id) {
        return xasprintf("layer-%s", diff_id);
}

static int parse(JsonContext *c, LayerTree *ret) {
        int64_t size = 0;
        int r = json_expect(c, c->root, json_type_object);
        if (r < 0 || (r = json_get_int(c, c->root, "size", JSON_REQUIRED, 0, INT64_MAX, &size)) < 0 ||
                        (r = json_get_bool(c, c->root, "root", JSON_OPTIONAL, &ret->root)) < 0 ||
                        (r = json_get_bool(c, c->root, "opaque", JSON_OPTIONAL, &ret->opaque)) < 0)
                return r;
        ret->size = size;
        return 0;
}

int layer_tree_load(Store *s, const char *tree_id, LayerTree *ret) {
        _cleanup_json_context_ JsonContext c = {};
        _cleanup_free_ char *path = xasprintf(STORE_TREES "/%s/layer", tree_id), *text = NULL;
        LayerTree tree = {};
        size_t size;
        int r = read_file_at(store_fd(s), path, RECORD_MAX, &text, &size);
        if (r >= 0)
                r = json_context_parse(&c, path, text, size);
        if (r >= 0)
                r = parse(&c, &tree);
        if (r >= 0)
                *ret = tree;
        return r;
}

int layer_tree_save(int dirfd, const LayerTree *tree) {
        _cleanup_json_ json_object *o = json_object_new_object();
        json_object_object_add(o, "size", json_object_new_int64(tree->size));
        if (tree->root)
                json_object_object_add(o, "root", json_object_new_boolean(true));
        if (tree->opaque)
                json_object_object_add(o, "opaque", json_object_new_boolean(true));
        _cleanup_free_ char *text = json_to_text(o, false);
        return replace_file_at(dirfd, "layer", text, strlen(text), 0600, true);
}

/* The process that names the directory has parsed an archive: it may name any, but only in its own tree. */
static int make_opaque(int rootfs, const char *path) {
        _cleanup_close_ int fd = openat_beneath(rootfs, *path ? path : ".", O_RDONLY | O_DIRECTORY);
        if (fd < 0)
                return fd;
        if (fsetxattr(fd, OVERLAY_OPAQUE, "y", 1, 0) < 0 ||
                        (fsetxattr(fd, OVERLAY_OPAQUE_USER, "y", 1, 0) < 0 && errno != EOPNOTSUPP))
                return -errno;
        return fsync(fd) < 0 ? -errno : 0;
}

static void add_path(Paths *paths, const char *path, size_t size) {
        memcpy(paths->text + paths->size, path, size);
        paths->size += size;
}

typedef struct Notes {
        Paths implied, whiteouts;
} Notes;

static int take_note(const LayerTreeRequest *q, const char *note, LayerTree *tree, Notes *notes) {
        const char *path = note + 1;
        size_t size = strlen(path) + 1;
        switch (note[0]) {
        case UNPACK_NOTE_ROOT: tree->root = true; return 0;
        case UNPACK_NOTE_OPAQUE: tree->opaque |= !*path; return make_opaque(q->rootfs, path);
        case UNPACK_NOTE_IMPLIED: add_path(&notes->implied, path, size); return 0;
        case UNPACK_NOTE_WHITEOUT: add_path(&notes->whiteouts, path, size); return 0;
        default: return -EPROTO;
        }
}

static int take_notes(const LayerTreeRequest *q, LayerTree *tree, Notes *notes, char **ret_error) {
        const char *end = q->notes + q->notes_size;
        notes->implied.text = xmalloc(q->notes_size + 1);
        notes->whiteouts.text = xmalloc(q->notes_size + 1);
        if (q->notes_size > 0 && end[-1] != 0)
                return -EPROTO;
        for (const char *p = q->notes; p < end; p += strlen(p) + 1) {
                int r = take_note(q, p, tree, notes);
                if (r < 0) {
                        *ret_error = xasprintf("cannot make directory \"%.200s\" opaque: %s",
                                        *p ? p + 1 : "", strerror(-r));
                        return r;
                }
        }
        return 0;
}

static int save_paths(int dirfd, const char *name, const Paths *paths) {
        return paths->size > 0 ? replace_file_at(dirfd, name, paths->text, paths->size, 0600, true) : 0;
}

static int complete(Store *s, const LayerTreeRequest *q, char **ret_error) {
        LayerTree tree = { .size = q->size };
        _cleanup_close_ int dirfd =
                        openat(store_fd(s), q->temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        Notes notes = {};
        int r = dirfd < 0 ? -errno : take_notes(q, &tree, &notes, ret_error);
        if (r >= 0)
                r = save_paths(dirfd, "implied", &notes.implied);
        if (r >= 0)
                r = save_paths(dirfd, "whiteouts", &notes.whiteouts);
        free(notes.implied.text);
        free(notes.whiteouts.text);
        if (r >= 0)
                r = layer_tree_save(dirfd, &tree);
        return r >= 0 && fsync(dirfd) < 0 ? -errno : r;
}

int layer_tree_place(Store *s, const char *temporary, const char *tree_id) {
        _cleanup_free_ char *path = xasprintf(STORE_TREES "/%s", tree_id);
        if (renameat2(store_fd(s), temporary, store_fd(s), path, RENAME_NOREPLACE) >= 0)
                return 0;
        if (errno != EEXIST)
                return -errno;
        utimensat(store_fd(s), path, NULL, AT_SYMLINK_NOFOLLOW); /* its grace begins anew */
        return remove_tree_at(store_fd(s), temporary, false);
}

int layer_tree_complete(Store *s, const LayerTreeRequest *q, char **ret_error) {
        *ret_error = NULL;
        int r = complete(s, q, ret_error);
        if (r < 0 && !*ret_error)
                *ret_error = xasprintf(
                                "cannot complete %s/%s: %s", store_path(s), q->temporary, strerror(-r));
        return r;
}
