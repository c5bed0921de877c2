/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "entry-path.h"
#include "unpack-internal.h"

#define TAR_BLOCK 512

Unpack *unpack_new(int root, bool privileged, UnpackFormat format, const UnpackLimits *limits) {
        Unpack *u = xnew(Unpack, 1);
        u->root = root;
        u->privileged = privileged;
        u->format = format;
        u->limits = *limits;
        u->tree = unpack_tree_new(root, privileged, format == UNPACK_OCI_LAYER);
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

int unpack_notes(const Unpack *u, int fd) {
        return unpack_tree_write_notes(u->tree, fd);
}

uint64_t unpack_tree_size(const Unpack *u) {
        return u->tree_size;
}

uint64_t unpack_entries(const Unpack *u) {
        return u->entries;
}

int unpack_fail(Unpack *u, int error, const char *format, ...) {
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

int unpack_fail_step(Unpack *u, int error, const char *step) {
        if (u->source_error < 0)
                return u->source_error;
        if (error == -EBADMSG)
                return unpack_fail(u, error, "%s", archive_error_string(u->archive) ?: "damaged");
        return unpack_fail(u, error, "cannot %s: %s", step, strerror(-error));
}

/* IDs are 32 bits; the highest means "leave as it is" to chown(2), which would leave it with root. */
static int check_owner(Unpack *u, struct archive_entry *e) {
        int64_t uid = archive_entry_uid(e), gid = archive_entry_gid(e);
        if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
                return unpack_fail(u, ERANGE, "owner %lli:%lli is out of range", (long long) uid,
                                (long long) gid);
        return 0;
}

static int check_size(Unpack *u, struct archive_entry *e) {
        int64_t size = archive_entry_filetype(e) == AE_IFREG && !archive_entry_hardlink(e)
                                       ? archive_entry_size(e)
                                       : 0;
        if (size < 0 || (uint64_t) size > u->limits.size - u->size)
                return unpack_fail(u, EFBIG, "its %lli bytes bring the image over the limit of %llu bytes",
                                (long long) size, (unsigned long long) u->limits.size);
        u->size += size;
        return 0;
}

static int check_entry(Unpack *u, struct archive_entry *e) {
        if (++u->entries > u->limits.entries)
                return unpack_fail(u, EFBIG, "the image has more than %llu entries",
                                (unsigned long long) u->limits.entries);
        int r = check_owner(u, e);
        return r < 0 ? r : check_size(u, e);
}

static const char *normalize(const Unpack *u, const char *path, char ret[static PATH_MAX]) {
        if (u->format != UNPACK_ACI && path[0] == '/') {
                path += strspn(path, "/");
                if (!*path) {
                        ret[0] = 0;
                        return NULL;
                }
        }
        return entry_path_normalize(path, ret);
}

/* Copied: libarchive's own goes with the entry, but what follows it is reported with it, too. */
static const char *note_entry(Unpack *u, struct archive_entry *e) {
        const char *name = archive_entry_pathname(e);
        free(u->entry_name);
        u->entry_name = xstrdup(name ?: "?");
        u->entry_number++;
        return name;
}

int unpack_begin_entry(Unpack *u, struct archive_entry *e, char ret_path[static PATH_MAX]) {
        const char *name = note_entry(u, e);
        int r = check_entry(u, e);
        if (r < 0)
                return r;
        const char *problem = name ? normalize(u, name, ret_path) : "its name cannot be read";
        return problem ? unpack_fail(u, EINVAL, "%s", problem) : 0;
}

const char *unpack_path_inside(const Unpack *u, const char *path) {
        if (u->format == UNPACK_ACI)
                return startswith(path, "rootfs/");
        return *path ? path : NULL;
}

int unpack_take_directory(
                Unpack *u, struct archive_entry *e, int parent, const char *name, const char *path) {
        UnpackDirectory d = {
                .path = path,
                .mode = archive_entry_perm(e) & 07777,
                .uid = archive_entry_uid(e),
                .gid = archive_entry_gid(e),
        };
        unpack_times(e, d.times);
        int r = unpack_tree_directory(u->tree, parent, name, &d);
        return r < 0 ? unpack_fail_step(u, r, "create it") : 0;
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

static const char *hard_link_target(Unpack *u, const char *raw, char normal[static PATH_MAX]) {
        const char *problem = normalize(u, raw, normal);
        const char *target = problem ? NULL : unpack_path_inside(u, normal);
        if (target)
                return target;
        _cleanup_free_ char *quoted = entry_path_quote(raw);
        unpack_fail(u, EINVAL, "it is a hard link to %s, which is not below %s%s%s", quoted,
                        u->format == UNPACK_ACI ? "rootfs" : "the root", problem ? ": " : "", problem ?: "");
        return NULL;
}

static int take_hard_link(
                Unpack *u, struct archive_entry *e, int parent, const char *name, const char *path) {
        char normal[PATH_MAX];
        const char *raw = archive_entry_hardlink(e), *target = hard_link_target(u, raw, normal);
        if (!target)
                return -EINVAL;
        if (path_set_get(u->dropped, target, strlen(target)).kind == PATH_FILE) {
                add_pending(u, target, path);
                return 0;
        }
        _cleanup_free_ char *quoted = entry_path_quote(raw);
        PathNote note = path_set_get(unpack_tree_paths(u->tree), target, strlen(target));
        if (note.kind == PATH_ABSENT || note.kind == PATH_WHITEOUT || note.layer != u->layer ||
                        streq(target, path))
                return unpack_fail(u, ENOENT,
                                "it is a hard link to %s, which does not come before it in the archive",
                                quoted);
        if (note.kind != PATH_FILE && note.kind != PATH_LINK)
                return unpack_fail(u, EPERM, "it is a hard link to %s, which is a directory", quoted);
        int r = link_in_tree(u, target, parent, name);
        return r < 0 ? unpack_fail_step(u, r, "create the hard link") : 0;
}

static int take_symlink(Unpack *u, struct archive_entry *e, const UnpackPlace *place, const char *path) {
        const char *target = archive_entry_symlink(e), *step;
        if (isempty(target))
                return unpack_fail(u, EINVAL, "a symbolic link without a target");
        if (entry_link_escapes(path, target)) {
                _cleanup_free_ char *quoted = entry_path_quote(target);
                return unpack_fail(u, EINVAL, "it is a symbolic link out of the image: %s", quoted);
        }
        if (u->root < 0)
                return 0;
        int r = unpack_symlink(place, e, &step);
        return r < 0 ? unpack_fail_step(u, r, step) : 0;
}

static int take_special(Unpack *u, struct archive_entry *e, const UnpackPlace *place, const char *path) {
        mode_t type = archive_entry_filetype(e);
        const char *step, *problem;
        if (type != AE_IFIFO && (problem = unpack_device_problem(path, type, archive_entry_rdev(e))))
                return unpack_fail(u, EPERM, "device %u:%u: %s", (unsigned) archive_entry_rdevmajor(e),
                                (unsigned) archive_entry_rdevminor(e), problem);
        if (u->root < 0)
                return 0;
        int r = unpack_special(place, e, &step);
        return r < 0 ? unpack_fail_step(u, r, step) : 0;
}

static int take_file(Unpack *u, struct archive_entry *e, const UnpackPlace *place) {
        const char *step;
        if (u->root < 0)
                return 0;
        int r = unpack_file(place, u->archive, e, &step);
        if (r < 0)
                return unpack_fail_step(u, r, step);
        u->tree_size += archive_entry_size(e);
        return 0;
}

int unpack_take_node(Unpack *u, struct archive_entry *e, int parent, const char *name, const char *path) {
        UnpackPlace place = { parent, name, u->privileged };
        if (archive_entry_hardlink(e))
                return take_hard_link(u, e, parent, name, path);
        switch (archive_entry_filetype(e)) {
        case AE_IFREG: return take_file(u, e, &place);
        case AE_IFDIR: return unpack_take_directory(u, e, parent, name, path);
        case AE_IFLNK: return take_symlink(u, e, &place, path);
        case AE_IFCHR:
        case AE_IFBLK:
        case AE_IFIFO: return take_special(u, e, &place, path);
        default:
                return unpack_fail(u, EINVAL, "it is of a type that an image cannot have (%o)",
                                archive_entry_filetype(e));
        }
}

PathKind unpack_entry_kind(struct archive_entry *e) {
        if (archive_entry_hardlink(e))
                return PATH_FILE;
        mode_t type = archive_entry_filetype(e);
        return type == AE_IFDIR ? PATH_DIRECTORY : type == AE_IFLNK ? PATH_LINK : PATH_FILE;
}

int unpack_drop(Unpack *u, PathKind kind, const char *path) {
        if (kind != PATH_DIRECTORY)
                path_set_put(u->dropped, path, strlen(path),
                                (PathNote){ .kind = PATH_FILE, .layer = u->layer });
        return 0;
}

/* Some write layers that end with the last byte of the last file, without what fills its block: "umoci
 * insert" does, and others take them. */
static ssize_t missing_padding(const Unpack *u, const void **ret) {
        static const uint8_t zeros[TAR_BLOCK];
        *ret = zeros;
        return u->format != UNPACK_ACI && u->data_end > 0 && u->data_end == u->source_size
                               ? (ssize_t) (-u->source_size % TAR_BLOCK)
                               : 0;
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
        if (n == 0)
                n = missing_padding(u, ret);
        u->source_size += MAX(n, 0);
        return n < 0 ? -1 : n;
}

static int fail_archive(Unpack *u) {
        const char *text = archive_error_string(u->archive) ?: "unknown error";
        if (u->source_error < 0)
                return u->source_error;
        if (!u->entry_name)
                return unpack_fail(u, EBADMSG, "not a tar archive: %s", text);
        return unpack_fail(u, EBADMSG, "what comes after it is damaged: %s", text);
}

/* Only tar, and no filters: decompression has been done, once, by who gives the data. */
static int open_archive(Unpack *u) {
        archive_read_support_format_tar(u->archive);
        if (u->format != UNPACK_ACI) /* a layer that changes nothing may have no bytes at all */
                archive_read_support_format_empty(u->archive);
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
                u->data_end = archive_filter_bytes(u->archive, 0) + archive_entry_size(e);
                r = take(u, e);
        }
        return r;
}

static int run(Unpack *u, UnpackSource source, void *userdata,
                int (*take)(Unpack *u, struct archive_entry *e)) {
        u->source = source;
        u->source_userdata = userdata;
        u->source_size = 0;
        u->data_end = 0;
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

static int check_aci(Unpack *u) {
        if (!u->has_manifest)
                return unpack_fail(u, ENOENT, "the archive has no \"manifest\": not an App Container Image");
        if (!u->has_rootfs)
                return unpack_fail(u, ENOENT, "the archive has no \"rootfs\": not an App Container Image");
        return 0;
}

int unpack_layer(Unpack *u, UnpackSource source, void *userdata, const Whitelist *whitelists,
                size_t n_whitelists) {
        bool aci = u->format == UNPACK_ACI;
        u->whitelists = whitelists;
        u->n_whitelists = n_whitelists;
        u->has_manifest = u->has_rootfs = false;
        path_set_free(u->dropped);
        u->dropped = path_set_new();
        int r = run(u, source, userdata, aci ? unpack_take_aci_entry : unpack_take_oci_entry);
        if (r >= 0 && aci)
                r = check_aci(u);
        if (r < 0)
                return r;
        if (u->n_pending > 0)
                return 1;
        u->layer++;
        return 0;
}

/* The first link to the target becomes the file itself. */
static int take_pending(Unpack *u, struct archive_entry *e) {
        char normal[PATH_MAX];
        const char *raw = note_entry(u, e), *inside, *first = NULL;
        if (!raw || normalize(u, raw, normal) || !(inside = unpack_path_inside(u, normal)) ||
                        archive_entry_hardlink(e) || archive_entry_filetype(e) == AE_IFDIR)
                return 0;
        for (size_t i = 0; i < u->n_pending; i++) {
                int parent, r;
                const char *name;
                if (!streq(u->pending[i].target, inside))
                        continue;
                r = unpack_tree_parent(u->tree, u->layer, u->pending[i].path, &parent, &name);
                if (r != 0)
                        return unpack_fail(u, r, "cannot reach the directory of a link to it: %s",
                                        strerror(-r));
                if (!first)
                        r = unpack_take_node(u, e, parent, name, u->pending[i].path);
                else if ((r = link_in_tree(u, first, parent, name)) < 0)
                        r = unpack_fail_step(u, r, "create a hard link to it");
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
                return unpack_fail(
                                u, r, "cannot set mode and times of directory %s: %s", quoted, strerror(-r));
        }
        return 0;
}
