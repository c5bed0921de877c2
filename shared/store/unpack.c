/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "alloc.h"
#include "entry-path.h"
#include "path-set.h"
#include "types.h"
#include "unpack-node.h"
#include "unpack-tree.h"

/* A hard link whose target is not taken from this layer: the file's content is to be put here. */
typedef struct PendingLink {
        char *target, *path;
} PendingLink;

struct Unpack {
        int root;
        bool privileged;
        UnpackLimits limits;
        UnpackTree *tree;
        PathSet *dropped; /* what is not taken of this layer, but directories */
        unsigned layer;

        UnpackSource source; /* of the layer being read */
        void *source_userdata;
        int source_error;
        struct archive *archive;
        const Whitelist *whitelists;
        size_t n_whitelists;
        uint64_t entry_number; /* in this layer, from 1 */
        char *entry_name;      /* as it stands in the archive; NULL before the first */
        bool has_manifest, has_rootfs;

        PendingLink *pending;
        size_t n_pending;
        uint64_t entries, size, tree_size;
        char *manifest;
        size_t manifest_size;
        char *error;
};

Unpack *unpack_new(int root, bool privileged, const UnpackLimits *limits) {
        Unpack *u = xnew(Unpack, 1);
        u->root = root;
        u->privileged = privileged;
        u->limits = *limits;
        u->tree = unpack_tree_new(root, privileged);
        u->dropped = path_set_new();
        return u;
}

static void clear_pending(Unpack *u) {
        for (size_t i = 0; i < u->n_pending; i++) {
                free(u->pending[i].target);
                free(u->pending[i].path);
        }
        free(u->pending);
        u->pending = NULL;
        u->n_pending = 0;
}

void unpack_free(Unpack *u) {
        clear_pending(u);
        unpack_tree_free(u->tree);
        path_set_free(u->dropped);
        free(u->manifest);
        free(u->error);
        free(u);
}

const char *unpack_error(const Unpack *u) {
        return u->error;
}

const char *unpack_manifest(const Unpack *u, size_t *ret_size) {
        *ret_size = u->manifest_size;
        return u->manifest;
}

uint64_t unpack_tree_size(const Unpack *u) {
        return u->tree_size;
}

uint64_t unpack_entries(const Unpack *u) {
        return u->entries;
}

static int fail(Unpack *u, int error, const char *format, ...) _printf_(3, 4);
static int fail(Unpack *u, int error, const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        _cleanup_free_ char *what = xvasprintf(format, ap);
        va_end(ap);
        if (u->entry_name) {
                _cleanup_free_ char *quoted = entry_path_quote(u->entry_name);
                u->error = xasprintf(
                                "entry %llu, %s: %s", (unsigned long long) u->entry_number, quoted, what);
        } else
                u->error = TAKE_PTR(what);
        return -abs(error);
}

static int fail_step(Unpack *u, int error, const char *step) {
        if (u->source_error < 0)
                return u->source_error;
        if (error == -EBADMSG)
                return fail(u, error, "%s", archive_error_string(u->archive) ?: "damaged");
        return fail(u, error, "cannot %s: %s", step, strerror(-error));
}

static int take_manifest(Unpack *u, struct archive_entry *e) {
        if (u->has_manifest)
                return fail(u, EEXIST, "the archive has it twice");
        if (archive_entry_hardlink(e) || archive_entry_filetype(e) != AE_IFREG)
                return fail(u, EINVAL, "the manifest must be a regular file");
        int64_t size = archive_entry_size(e);
        if (size < 0 || (uint64_t) size > APPC_MANIFEST_MAX)
                return fail(u, EFBIG, "a manifest of %lli bytes: at most %zu are read", (long long) size,
                                APPC_MANIFEST_MAX);
        u->has_manifest = true;
        if (u->layer > 0)
                return 0;

        u->manifest = xmalloc(size + 1);
        while (u->manifest_size < (size_t) size) {
                la_ssize_t n = archive_read_data(
                                u->archive, u->manifest + u->manifest_size, size - u->manifest_size);
                if (n < 0)
                        return fail_step(u, -EBADMSG, NULL);
                if (n == 0)
                        return fail(u, EBADMSG, "it ends before its %lli bytes", (long long) size);
                u->manifest_size += n;
        }
        u->manifest[u->manifest_size] = 0;
        return 0;
}

/* IDs are 32 bits; the highest means "leave as it is" to chown(2), which would leave it with root. */
static int check_owner(Unpack *u, struct archive_entry *e) {
        int64_t uid = archive_entry_uid(e), gid = archive_entry_gid(e);
        if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
                return fail(u, ERANGE, "owner %lli:%lli is out of range", (long long) uid, (long long) gid);
        return 0;
}

static int check_size(Unpack *u, struct archive_entry *e) {
        int64_t size = archive_entry_filetype(e) == AE_IFREG && !archive_entry_hardlink(e)
                                       ? archive_entry_size(e)
                                       : 0;
        if (size < 0 || (uint64_t) size > u->limits.size - u->size)
                return fail(u, EFBIG, "its %lli bytes bring the image over the limit of %llu bytes",
                                (long long) size, (unsigned long long) u->limits.size);
        u->size += size;
        return 0;
}

static int take_directory(
                Unpack *u, struct archive_entry *e, int parent, const char *name, const char *path) {
        UnpackDirectory d = {
                .path = path,
                .mode = archive_entry_perm(e) & 07777,
                .uid = archive_entry_uid(e),
                .gid = archive_entry_gid(e),
        };
        unpack_times(e, d.times);
        int r = unpack_tree_directory(u->tree, parent, name, &d);
        return r < 0 ? fail_step(u, r, "create it") : 0;
}

static int take_rootfs(Unpack *u, struct archive_entry *e) {
        if (archive_entry_hardlink(e) || archive_entry_filetype(e) != AE_IFDIR)
                return fail(u, ENOTDIR, "rootfs must be a directory");
        PathNote note = path_set_get(unpack_tree_paths(u->tree), "", 0);
        if (note.kind == PATH_DIRECTORY && note.layer == u->layer)
                return fail(u, EEXIST, "the archive has it twice");
        u->has_rootfs = true;
        if (note.kind == PATH_DIRECTORY)
                return 0;
        path_set_put(unpack_tree_paths(u->tree), "", 0, (PathNote){ PATH_DIRECTORY, u->layer });
        return take_directory(u, e, u->root, NULL, "");
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

/* Puts off the link until the archive is read again, when the content of its target comes by. */
static void add_pending(Unpack *u, const char *target, const char *path) {
        xgrow(&u->pending, u->n_pending);
        u->pending[u->n_pending++] = (PendingLink){ xstrdup(target), xstrdup(path) };
}

static int link_in_tree(Unpack *u, const char *target, int parent, const char *name) {
        _cleanup_close_ int from = -1;
        const char *from_name;
        if (u->root < 0)
                return 0;
        int r = unpack_tree_find(u->tree, target, &from, &from_name);
        if (r >= 0 && linkat(from, from_name, parent, name, 0) < 0)
                r = -errno;
        return r;
}

static int take_hard_link(
                Unpack *u, struct archive_entry *e, int parent, const char *name, const char *path) {
        char normal[PATH_MAX];
        const char *raw = archive_entry_hardlink(e);
        const char *problem = entry_path_normalize(raw, normal), *target = NULL;
        if (!problem)
                target = startswith(normal, "rootfs/");
        _cleanup_free_ char *quoted = entry_path_quote(raw);
        if (!target)
                return fail(u, EINVAL, "it is a hard link to %s, which is not below rootfs%s%s", quoted,
                                problem ? ": " : "", problem ?: "");
        if (path_set_get(u->dropped, target, strlen(target)).kind == PATH_FILE) {
                add_pending(u, target, path);
                return 0;
        }
        PathNote note = path_set_get(unpack_tree_paths(u->tree), target, strlen(target));
        if (note.kind == PATH_ABSENT || note.layer != u->layer)
                return fail(u, ENOENT,
                                "it is a hard link to %s, which does not come before it in the archive",
                                quoted);
        if (note.kind != PATH_FILE && note.kind != PATH_LINK)
                return fail(u, EPERM, "it is a hard link to %s, which is a directory", quoted);
        int r = link_in_tree(u, target, parent, name);
        return r < 0 ? fail_step(u, r, "create the hard link") : 0;
}

static int take_symlink(Unpack *u, struct archive_entry *e, const UnpackPlace *place, const char *path) {
        const char *target = archive_entry_symlink(e), *step;
        if (isempty(target))
                return fail(u, EINVAL, "a symbolic link without a target");
        if (entry_link_escapes(path, target)) {
                _cleanup_free_ char *quoted = entry_path_quote(target);
                return fail(u, EINVAL, "it is a symbolic link out of the image: %s", quoted);
        }
        if (u->root < 0)
                return 0;
        int r = unpack_symlink(place, e, &step);
        return r < 0 ? fail_step(u, r, step) : 0;
}

static int take_special(Unpack *u, struct archive_entry *e, const UnpackPlace *place, const char *path) {
        mode_t type = archive_entry_filetype(e);
        const char *step, *problem;
        if (type != AE_IFIFO && (problem = unpack_device_problem(path, type, archive_entry_rdev(e))))
                return fail(u, EPERM, "device %u:%u: %s", (unsigned) archive_entry_rdevmajor(e),
                                (unsigned) archive_entry_rdevminor(e), problem);
        if (u->root < 0)
                return 0;
        int r = unpack_special(place, e, &step);
        return r < 0 ? fail_step(u, r, step) : 0;
}

static int take_file(Unpack *u, struct archive_entry *e, const UnpackPlace *place) {
        const char *step;
        if (u->root < 0)
                return 0;
        int r = unpack_file(place, u->archive, e, &step);
        if (r < 0)
                return fail_step(u, r, step);
        u->tree_size += archive_entry_size(e);
        return 0;
}

static int take_node(Unpack *u, struct archive_entry *e, int parent, const char *name, const char *path) {
        UnpackPlace place = { parent, name, u->privileged };
        if (archive_entry_hardlink(e))
                return take_hard_link(u, e, parent, name, path);
        switch (archive_entry_filetype(e)) {
        case AE_IFREG: return take_file(u, e, &place);
        case AE_IFDIR: return take_directory(u, e, parent, name, path);
        case AE_IFLNK: return take_symlink(u, e, &place, path);
        case AE_IFCHR:
        case AE_IFBLK:
        case AE_IFIFO: return take_special(u, e, &place, path);
        default:
                return fail(u, EINVAL, "it is of a type that an image cannot have (%o)",
                                archive_entry_filetype(e));
        }
}

static PathKind entry_kind(struct archive_entry *e) {
        if (archive_entry_hardlink(e))
                return PATH_FILE;
        mode_t type = archive_entry_filetype(e);
        return type == AE_IFDIR ? PATH_DIRECTORY : type == AE_IFLNK ? PATH_LINK : PATH_FILE;
}

static int drop(Unpack *u, PathKind kind, const char *path) {
        if (kind != PATH_DIRECTORY)
                path_set_put(u->dropped, path, strlen(path), (PathNote){ PATH_FILE, u->layer });
        return 0;
}

static int take_inside(Unpack *u, struct archive_entry *e, const char *path) {
        PathKind kind = entry_kind(e);
        PathNote note = path_set_get(unpack_tree_paths(u->tree), path, strlen(path));
        int parent, r;
        const char *name;

        if (note.kind != PATH_ABSENT && note.layer == u->layer &&
                        !(note.kind == PATH_IMPLIED && kind == PATH_DIRECTORY))
                return fail(u, EEXIST, "the archive has it twice");
        if (note.kind == PATH_ABSENT && path_set_get(u->dropped, path, strlen(path)).kind != PATH_ABSENT)
                return fail(u, EEXIST, "the archive has it twice");
        if (kind != PATH_DIRECTORY && !is_whitelisted(u, path))
                return drop(u, kind, path);
        r = unpack_tree_parent(u->tree, u->layer, path, &parent, &name);
        if (r < 0)
                return fail(u, r, "cannot reach the directory it lies in: %s", strerror(-r));
        if (r > 0 || (note.kind != PATH_ABSENT && !(note.kind == PATH_IMPLIED && kind == PATH_DIRECTORY)))
                return drop(u, kind, path);
        path_set_put(unpack_tree_paths(u->tree), path, strlen(path), (PathNote){ kind, u->layer });
        return take_node(u, e, parent, name, path);
}

/* Copied: libarchive's own goes with the entry, but what follows it is reported with it, too. */
static const char *begin_entry(Unpack *u, struct archive_entry *e) {
        const char *name = archive_entry_pathname(e);
        free(u->entry_name);
        u->entry_name = xstrdup(name ?: "?");
        u->entry_number++;
        return name;
}

static int take_entry(Unpack *u, struct archive_entry *e) {
        char path[PATH_MAX];
        const char *name = begin_entry(u, e);
        if (++u->entries > u->limits.entries)
                return fail(u, EFBIG, "the image has more than %llu entries",
                                (unsigned long long) u->limits.entries);
        const char *problem = name ? entry_path_normalize(name, path) : "its name cannot be read";
        if (problem)
                return fail(u, EINVAL, "%s", problem);

        const char *inside = startswith(path, "rootfs/");
        if (path[0] == 0)
                return archive_entry_filetype(e) == AE_IFDIR ? 0 : fail(u, EINVAL, "it is not a directory");
        if (streq(path, "manifest"))
                return take_manifest(u, e);
        if (!streq(path, "rootfs") && !inside)
                return fail(u, EINVAL, "an image has only \"manifest\" and what is in \"rootfs\"");
        int r = check_owner(u, e);
        if (r >= 0)
                r = check_size(u, e);
        if (r < 0)
                return r;
        if (!inside)
                return take_rootfs(u, e);
        u->has_rootfs = true;
        return take_inside(u, e, inside);
}

static la_ssize_t give_data(struct archive *a, void *userdata, const void **ret) {
        Unpack *u = userdata;
        const uint8_t *data = NULL;
        ssize_t n = u->source(u->source_userdata, &data);
        *ret = data;
        if (n < 0) {
                u->source_error = n;
                archive_set_error(a, -n, "the archive cannot be read further");
        }
        return n < 0 ? -1 : n;
}

static int fail_archive(Unpack *u) {
        const char *text = archive_error_string(u->archive) ?: "unknown error";
        if (u->source_error < 0)
                return u->source_error;
        if (!u->entry_name)
                return fail(u, EBADMSG, "not a tar archive: %s", text);
        return fail(u, EBADMSG, "what comes after it is damaged: %s", text);
}

/* Only tar, and no filters: decompression has been done, once, by who gives the data. */
static int open_archive(Unpack *u) {
        archive_read_support_format_tar(u->archive);
        if (archive_read_open(u->archive, u, NULL, give_data, NULL) != ARCHIVE_OK)
                return fail_archive(u);
        return 0;
}

static int read_archive(Unpack *u, int (*take)(Unpack *u, struct archive_entry *e)) {
        int r = open_archive(u);
        while (r >= 0) {
                struct archive_entry *e;
                int status = archive_read_next_header(u->archive, &e);
                if (status == ARCHIVE_EOF)
                        break;
                if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
                        return fail_archive(u);
                r = take(u, e);
        }
        return r;
}

static int run(Unpack *u, UnpackSource source, void *userdata,
                int (*take)(Unpack *u, struct archive_entry *e)) {
        u->source = source;
        u->source_userdata = userdata;
        u->entry_number = 0;
        u->archive = archive_read_new();
        if (!u->archive)
                return -ENOMEM;
        int r = read_archive(u, take);
        free(u->entry_name);
        u->entry_name = NULL;
        archive_read_free(u->archive);
        u->archive = NULL;
        return r;
}

int unpack_layer(Unpack *u, UnpackSource source, void *userdata, const Whitelist *whitelists,
                size_t n_whitelists) {
        u->whitelists = whitelists;
        u->n_whitelists = n_whitelists;
        u->has_manifest = u->has_rootfs = false;
        path_set_free(u->dropped);
        u->dropped = path_set_new();
        int r = run(u, source, userdata, take_entry);
        if (r < 0)
                return r;
        if (!u->has_manifest)
                return fail(u, ENOENT, "the archive has no \"manifest\": not an App Container Image");
        if (!u->has_rootfs)
                return fail(u, ENOENT, "the archive has no \"rootfs\": not an App Container Image");
        if (u->n_pending > 0)
                return 1;
        u->layer++;
        return 0;
}

/* The first link to the target becomes the file itself. */
static int take_pending(Unpack *u, struct archive_entry *e) {
        char normal[PATH_MAX];
        const char *raw = begin_entry(u, e), *inside, *first = NULL;
        if (!raw || entry_path_normalize(raw, normal) || !(inside = startswith(normal, "rootfs/")) ||
                        archive_entry_hardlink(e) || archive_entry_filetype(e) == AE_IFDIR)
                return 0;
        for (size_t i = 0; i < u->n_pending; i++) {
                int parent, r;
                const char *name;
                if (!streq(u->pending[i].target, inside))
                        continue;
                r = unpack_tree_parent(u->tree, u->layer, u->pending[i].path, &parent, &name);
                if (r != 0)
                        return fail(u, r, "cannot reach the directory of a link to it: %s", strerror(-r));
                if (!first)
                        r = take_node(u, e, parent, name, u->pending[i].path);
                else if ((r = link_in_tree(u, first, parent, name)) < 0)
                        r = fail_step(u, r, "create a hard link to it");
                if (r < 0)
                        return r;
                first = first ?: u->pending[i].path;
        }
        return 0;
}

int unpack_links(Unpack *u, UnpackSource source, void *userdata) {
        int r = run(u, source, userdata, take_pending);
        clear_pending(u);
        u->layer++;
        return r;
}

int unpack_finish(Unpack *u) {
        const char *path = "";
        int r = unpack_tree_finish(u->tree, &path);
        if (r < 0) {
                _cleanup_free_ char *quoted = entry_path_quote(path);
                return fail(u, r, "cannot set mode and times of directory %s: %s", quoted, strerror(-r));
        }
        return 0;
}
