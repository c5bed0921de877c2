/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aci-writer.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "log.h"

struct AciWriter {
        char *path, *temporary;
        bool overwrite, published;
        int fd;
        struct stat st;
        struct archive *archive;
        char *entry_name;
};

static const struct {
        const char *name;
        int (*add)(struct archive *a);
} compressions[] = {
        { "gzip", archive_write_add_filter_gzip },
        { "xz", archive_write_add_filter_xz },
        { "zstd", archive_write_add_filter_zstd },
        { "bzip2", archive_write_add_filter_bzip2 },
        { "none", archive_write_add_filter_none },
};

static int fail(AciWriter *w, const char *step) {
        int error = archive_errno(w->archive);
        const char *reason = archive_error_string(w->archive);
        log_error("%s: cannot write %s: %s", w->path, step, reason ? reason : strerror(error));
        return error > 0 ? -error : -EIO;
}

static int check_path(const char *path, bool overwrite) {
        if (!endswith(path, ACI_SUFFIX)) {
                log_error("%s: the name of an image file must end in " ACI_SUFFIX, path);
                return -EINVAL;
        }
        if (!overwrite && faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
                log_error("%s: already exists (--overwrite replaces it)", path);
                return -EEXIST;
        }
        return 0;
}

static int set_compression(AciWriter *w, const char *compression) {
        size_t i = 0;
        while (i < ELEMENTSOF(compressions) && !streq(compressions[i].name, compression))
                i++;
        if (i == ELEMENTSOF(compressions)) {
                log_error("unknown compression \"%s\": expected one of " ACI_COMPRESSIONS, compression);
                return -EINVAL;
        }
        if (compressions[i].add(w->archive) < ARCHIVE_WARN)
                return fail(w, compression);
        /* the time of building does not belong into the file: the same input gives the same bytes */
        if (streq(compression, "gzip"))
                archive_write_set_filter_option(w->archive, "gzip", "timestamp", NULL);
        return 0;
}

static int open_temporary(AciWriter *w) {
        w->temporary = xasprintf("%s.tmp-%d", w->path, (int) getpid());
        w->fd = open(w->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (w->fd < 0) {
                int r = log_error_errno(errno, "cannot create %s", w->temporary);
                free(w->temporary);
                w->temporary = NULL; /* not ours to remove */
                return r;
        }
        return fstat(w->fd, &w->st) < 0 ? log_error_errno(errno, "%s", w->temporary) : 0;
}

static int open_archive(AciWriter *w, const char *compression) {
        w->archive = archive_write_new();
        archive_write_set_format_pax_restricted(w->archive);
        archive_write_set_format_option(w->archive, "pax", "xattrheader", "SCHILY"); /* once is enough */
        int r = set_compression(w, compression);
        if (r < 0 || (w->fd < 0 && (r = open_temporary(w)) < 0))
                return r;
        archive_write_set_bytes_in_last_block(w->archive, 1);
        return archive_write_open_fd(w->archive, w->fd) == ARCHIVE_OK ? 0 : fail(w, "its beginning");
}

int aci_writer_new(const char *path, const char *compression, bool overwrite, AciWriter **ret) {
        int r = check_path(path, overwrite);
        if (r < 0)
                return r;
        _cleanup_aci_writer_ AciWriter *w = xnew(AciWriter, 1);
        w->path = xstrdup(path);
        w->overwrite = overwrite;
        w->fd = -1;
        r = open_archive(w, compression);
        if (r >= 0)
                *ret = TAKE_PTR(w);
        return r;
}

int aci_writer_new_fd(int fd, const char *name, const char *compression, AciWriter **ret) {
        _cleanup_aci_writer_ AciWriter *w = xnew(AciWriter, 1);
        w->path = xstrdup(name);
        w->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (w->fd < 0 || fstat(w->fd, &w->st) < 0)
                return log_error_errno(errno, "%s", name);
        int r = open_archive(w, compression);
        if (r >= 0)
                *ret = TAKE_PTR(w);
        return r;
}

void aci_writer_free(AciWriter *w) {
        if (w->archive)
                archive_write_free(w->archive);
        if (w->temporary && !w->published)
                unlink(w->temporary);
        if (w->fd >= 0)
                close(w->fd);
        free(w->temporary);
        free(w->path);
        free(w->entry_name);
        free(w);
}

bool aci_writer_is_output(const AciWriter *w, const struct stat *st) {
        return st->st_dev == w->st.st_dev && st->st_ino == w->st.st_ino;
}

int aci_writer_entry(AciWriter *w, struct archive_entry *entry) {
        free(w->entry_name);
        w->entry_name = xasprintf("entry \"%s\"", archive_entry_pathname(entry));
        return archive_write_header(w->archive, entry) < ARCHIVE_WARN ? fail(w, w->entry_name) : 0;
}

int aci_writer_header(AciWriter *w, const char *name, mode_t mode, uint64_t size) {
        _cleanup_(archive_entry_freep) struct archive_entry *e = archive_entry_new();
        archive_entry_copy_pathname(e, name);
        archive_entry_set_mode(e, mode);
        archive_entry_set_size(e, (int64_t) size);
        archive_entry_set_mtime(e, 0, 0);
        return aci_writer_entry(w, e);
}

int aci_writer_data(AciWriter *w, const void *data, size_t size) {
        la_ssize_t n = archive_write_data(w->archive, data, size);
        if (n < 0)
                return fail(w, w->entry_name);
        if ((size_t) n != size) {
                log_error("%s: %s has more data than its size says", w->path, w->entry_name);
                return -EIO;
        }
        return 0;
}

int aci_writer_close(AciWriter *w, int *ret_fd) {
        if (archive_write_close(w->archive) != ARCHIVE_OK)
                return fail(w, "its end");
        if (lseek(w->fd, 0, SEEK_SET) < 0)
                return log_error_errno(errno, "%s", w->path);
        *ret_fd = w->fd;
        return 0;
}

int aci_writer_publish(AciWriter *w) {
        if (fdatasync(w->fd) < 0)
                return log_error_errno(errno, "cannot write %s to disk", w->path);
        if (renameat2(AT_FDCWD, w->temporary, AT_FDCWD, w->path, w->overwrite ? 0 : RENAME_NOREPLACE) < 0)
                return log_error_errno(errno, "cannot put %s in place", w->path);
        w->published = true;
        return 0;
}
