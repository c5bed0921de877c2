/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aci-tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/limits.h>
#include <sys/xattr.h>

#include "alloc.h"
#include "file.h"
#include "image-manifest.h"
#include "log.h"
#include "option.h"
#include "strv.h"

#define BUFFER_SIZE ((size_t) 256 * 1024)

int aci_tree_check(int dirfd, const char *name) {
        _cleanup_strv_ char **names = NULL;
        int r = list_directory_at(dirfd, ".", &names);
        if (r < 0)
                return log_error_errno(r, "%s", name);
        STRV_FOREACH (n, names)
                if (!streq(*n, "manifest") && !streq(*n, "rootfs")) {
                        log_error("%s/%s: an image has only a file \"manifest\" and a directory \"rootfs\"",
                                        name, *n);
                        return -EINVAL;
                }
        struct stat st;
        if (fstatat(dirfd, "rootfs", &st, AT_SYMLINK_NOFOLLOW) < 0)
                return log_error_errno(errno, "%s/rootfs", name);
        if (!S_ISDIR(st.st_mode)) {
                log_error("%s/rootfs: must be a directory", name);
                return -ENOTDIR;
        }
        if (fstatat(dirfd, "manifest", &st, AT_SYMLINK_NOFOLLOW) < 0)
                return log_error_errno(errno, "%s/manifest", name);
        if (!S_ISREG(st.st_mode)) {
                log_error("%s/manifest: must be a regular file", name);
                return -EINVAL;
        }
        _cleanup_image_manifest_ ImageManifest *m = NULL;
        _cleanup_free_ char *error = NULL;
        r = image_manifest_load_at(dirfd, "manifest", &m, &error);
        if (r < 0)
                log_error("%s/%s", name, error);
        return r;
}

typedef struct TreeWriter {
        AciWriter *w;
        const char *name; /* of the top directory */
        bool owner_root;
        int64_t newest; /* no time is later: SOURCE_DATE_EPOCH */
        struct archive_entry_linkresolver *links;
        uint8_t *buffer;
} TreeWriter;

static int add_node(TreeWriter *t, int parent, const char *name, const char *path);

static int fail(TreeWriter *t, int error, const char *path) {
        return log_error_errno(error, "%s/%s", t->name, path);
}

/* What an image can carry of a file's extended attributes: file capabilities and the user's own. */
static bool xattr_is_wanted(const char *name) {
        return startswith(name, "user.") || streq(name, "security.capability");
}

static int add_xattrs(TreeWriter *t, int fd, const char *path, struct archive_entry *e) {
        ssize_t n = flistxattr(fd, NULL, 0);
        if (n < 0)
                return errno == EOPNOTSUPP ? 0 : fail(t, errno, path);
        _cleanup_free_ char *names = xmalloc(n + 1);
        n = flistxattr(fd, names, n);
        if (n < 0)
                return fail(t, errno, path);
        for (const char *name = names; name < names + n; name += strlen(name) + 1) {
                uint8_t value[XATTR_SIZE_MAX];
                if (!xattr_is_wanted(name))
                        continue;
                ssize_t size = fgetxattr(fd, name, value, sizeof(value));
                if (size < 0)
                        return fail(t, errno, path);
                archive_entry_xattr_add_entry(e, name, value, size);
        }
        return 0;
}

static struct archive_entry *new_entry(const TreeWriter *t, const char *path, const struct stat *st) {
        struct archive_entry *e = archive_entry_new();
        archive_entry_copy_pathname(e, path);
        archive_entry_set_mode(e, st->st_mode);
        archive_entry_set_uid(e, t->owner_root ? 0 : st->st_uid);
        archive_entry_set_gid(e, t->owner_root ? 0 : st->st_gid);
        archive_entry_set_mtime(e, MIN((int64_t) st->st_mtim.tv_sec, t->newest), 0);
        archive_entry_set_dev(e, st->st_dev);
        archive_entry_set_ino64(e, st->st_ino);
        archive_entry_set_nlink(e, st->st_nlink);
        archive_entry_set_size(e, S_ISREG(st->st_mode) ? st->st_size : 0);
        if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
                archive_entry_set_rdev(e, st->st_rdev);
        return e;
}
#define _cleanup_entry_ _cleanup_(archive_entry_freep)

/* A file that was written before becomes a hard link to that. */
static void resolve_link(TreeWriter *t, struct archive_entry **e) {
        struct archive_entry *spare = NULL;
        archive_entry_linkify(t->links, e, &spare);
}

static int write_data(TreeWriter *t, int fd, const char *path, uint64_t size) {
        while (size > 0) {
                ssize_t n = read(fd, t->buffer, MIN(size, BUFFER_SIZE));
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return fail(t, errno, path);
                if (n == 0) {
                        log_error("%s/%s: became shorter while it was read", t->name, path);
                        return -EIO;
                }
                int r = aci_writer_data(t->w, t->buffer, n);
                if (r < 0)
                        return r;
                size -= n;
        }
        return 0;
}

static int add_file(TreeWriter *t, int parent, const char *name, const char *path) {
        _cleanup_close_ int fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0)
                return fail(t, errno, path);
        if (!S_ISREG(st.st_mode))
                return fail(t, EINVAL, path); /* replaced since we looked */
        if (aci_writer_is_output(t->w, &st)) {
                log_error("%s/%s: the image cannot be written into its own root file system", t->name, path);
                return -EINVAL;
        }
        _cleanup_entry_ struct archive_entry *e = new_entry(t, path, &st);
        resolve_link(t, &e);
        if (archive_entry_hardlink(e))
                return aci_writer_entry(t->w, e);
        int r = add_xattrs(t, fd, path, e);
        if (r < 0 || (r = aci_writer_entry(t->w, e)) < 0)
                return r;
        return write_data(t, fd, path, st.st_size);
}

static int add_directory(TreeWriter *t, int parent, const char *name, const char *path) {
        _cleanup_close_ int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0)
                return fail(t, errno, path);
        _cleanup_entry_ struct archive_entry *e = new_entry(t, path, &st);
        int r = aci_writer_entry(t->w, e);
        _cleanup_strv_ char **names = NULL;
        if (r >= 0 && (r = list_directory_at(fd, ".", &names)) < 0)
                return fail(t, r, path);
        for (size_t i = 0; r >= 0 && names[i]; i++) {
                _cleanup_free_ char *child = xasprintf("%s/%s", path, names[i]);
                r = add_node(t, fd, names[i], child);
        }
        return r;
}

static int add_other(TreeWriter *t, int parent, const char *name, const char *path, const struct stat *st) {
        _cleanup_entry_ struct archive_entry *e = new_entry(t, path, st);
        if (S_ISLNK(st->st_mode)) {
                char target[PATH_MAX];
                ssize_t n = readlinkat(parent, name, target, sizeof(target));
                if (n < 0 || n == sizeof(target))
                        return fail(t, n < 0 ? errno : ENAMETOOLONG, path);
                target[n] = 0;
                archive_entry_copy_symlink(e, target);
        }
        resolve_link(t, &e);
        return aci_writer_entry(t->w, e);
}

static int add_node(TreeWriter *t, int parent, const char *name, const char *path) {
        struct stat st;
        if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return fail(t, errno, path);
        switch (st.st_mode & S_IFMT) {
        case S_IFREG: return add_file(t, parent, name, path);
        case S_IFDIR: return add_directory(t, parent, name, path);
        case S_IFSOCK:
                log_warning("%s/%s: is a socket, which an image cannot have: left out", t->name, path);
                return 0;
        default: return add_other(t, parent, name, path, &st);
        }
}

/* reproducible-builds.org: times later than this are not written. */
static int64_t source_date_epoch(void) {
        const char *s = getenv("SOURCE_DATE_EPOCH");
        int64_t epoch;
        if (!s)
                return INT64_MAX;
        if (parse_int(s, 0, INT64_MAX, &epoch) < 0) {
                log_warning("SOURCE_DATE_EPOCH=%s is not a number of seconds: ignored", s);
                return INT64_MAX;
        }
        return epoch;
}

static int write_tree(int dirfd, const char *name, const char *prefix, bool manifest, bool owner_root,
                AciWriter *w) {
        _cleanup_free_ uint8_t *buffer = xmalloc(BUFFER_SIZE);
        TreeWriter t = {
                .w = w,
                .name = name,
                .owner_root = owner_root,
                .newest = source_date_epoch(),
                .links = archive_entry_linkresolver_new(),
                .buffer = buffer,
        };
        archive_entry_linkresolver_set_strategy(t.links, ARCHIVE_FORMAT_TAR_PAX_RESTRICTED);
        int r = manifest ? add_file(&t, dirfd, "manifest", "manifest") : 0;
        if (r >= 0)
                r = add_node(&t, dirfd, "rootfs", prefix);
        archive_entry_linkresolver_free(t.links);
        return r;
}

int aci_tree_write(int dirfd, const char *name, bool owner_root, AciWriter *w) {
        return write_tree(dirfd, name, "rootfs", true, owner_root, w);
}

int aci_tree_write_rootfs(int dirfd, const char *name, const char *prefix, AciWriter *w) {
        return write_tree(dirfd, name, prefix, false, false, w);
}
