/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The layout of an App Container Image: a file "manifest" and a directory "rootfs". */

#include <errno.h>

#include "alloc.h"
#include "types.h"
#include "unpack-internal.h"

static int take_manifest(Unpack *u, struct archive_entry *e) {
        if (u->has_manifest)
                return unpack_fail(u, EEXIST, "the archive has it twice");
        if (archive_entry_hardlink(e) || archive_entry_filetype(e) != AE_IFREG)
                return unpack_fail(u, EINVAL, "the manifest must be a regular file");
        int64_t size = archive_entry_size(e);
        if (size < 0 || (uint64_t) size > APPC_MANIFEST_MAX)
                return unpack_fail(u, EFBIG, "a manifest of %lli bytes: at most %zu are read",
                                (long long) size, APPC_MANIFEST_MAX);
        u->has_manifest = true;
        if (u->layer > 0)
                return 0;

        u->manifest = xmalloc(size + 1);
        while (u->manifest_size < (size_t) size) {
                la_ssize_t n = archive_read_data(
                                u->archive, u->manifest + u->manifest_size, size - u->manifest_size);
                if (n < 0)
                        return unpack_fail_step(u, -EBADMSG, NULL);
                if (n == 0)
                        return unpack_fail(u, EBADMSG, "it ends before its %lli bytes", (long long) size);
                u->manifest_size += n;
        }
        u->manifest[u->manifest_size] = 0;
        return 0;
}

static int take_rootfs(Unpack *u, struct archive_entry *e) {
        if (archive_entry_hardlink(e) || archive_entry_filetype(e) != AE_IFDIR)
                return unpack_fail(u, ENOTDIR, "rootfs must be a directory");
        PathNote note = path_set_get(unpack_tree_paths(u->tree), "", 0);
        if (note.kind == PATH_DIRECTORY && note.layer == u->layer)
                return unpack_fail(u, EEXIST, "the archive has it twice");
        u->has_rootfs = true;
        if (note.kind == PATH_DIRECTORY)
                return 0;
        path_set_put(unpack_tree_paths(u->tree), "", 0,
                        (PathNote){ .kind = PATH_DIRECTORY, .layer = u->layer });
        return unpack_take_directory(u, e, u->root, NULL, "");
}

static int compare_string(const void *key, const void *element) {
        return strcmp(key, *(char *const *) element);
}

static bool is_whitelisted(Unpack *u, const char *path) {
        for (size_t i = 0; i < u->n_whitelists; i++) {
                const Whitelist *list = &u->whitelists[i];
                if (!bsearch(path, list->paths, list->n, sizeof(char *), compare_string))
                        return false;
        }
        return true;
}

static int take_inside(Unpack *u, struct archive_entry *e, const char *path) {
        PathKind kind = unpack_entry_kind(e);
        PathNote note = path_set_get(unpack_tree_paths(u->tree), path, strlen(path));
        int parent, r;
        const char *name;

        if (note.kind != PATH_ABSENT && note.layer == u->layer &&
                        !(note.kind == PATH_IMPLIED && kind == PATH_DIRECTORY))
                return unpack_fail(u, EEXIST, "the archive has it twice");
        if (note.kind == PATH_ABSENT && path_set_get(u->dropped, path, strlen(path)).kind != PATH_ABSENT)
                return unpack_fail(u, EEXIST, "the archive has it twice");
        if (kind != PATH_DIRECTORY && !is_whitelisted(u, path))
                return unpack_drop(u, kind, path);
        r = unpack_tree_parent(u->tree, u->layer, path, &parent, &name);
        if (r < 0)
                return unpack_fail(u, r, "cannot reach the directory it lies in: %s", strerror(-r));
        if (r > 0 || (note.kind != PATH_ABSENT && !(note.kind == PATH_IMPLIED && kind == PATH_DIRECTORY)))
                return unpack_drop(u, kind, path);
        path_set_put(unpack_tree_paths(u->tree), path, strlen(path),
                        (PathNote){ .kind = kind, .layer = u->layer });
        return unpack_take_node(u, e, parent, name, path);
}

int unpack_take_aci_entry(Unpack *u, struct archive_entry *e) {
        char path[PATH_MAX];
        int r = unpack_begin_entry(u, e, path);
        if (r < 0)
                return r;

        const char *inside = unpack_path_inside(u, path);
        if (path[0] == 0)
                return archive_entry_filetype(e) == AE_IFDIR
                                       ? 0
                                       : unpack_fail(u, EINVAL, "it is not a directory");
        if (streq(path, "manifest"))
                return take_manifest(u, e);
        if (!streq(path, "rootfs") && !inside)
                return unpack_fail(u, EINVAL, "an image has only \"manifest\" and what is in \"rootfs\"");
        if (!inside)
                return take_rootfs(u, e);
        u->has_rootfs = true;
        return take_inside(u, e, inside);
}
