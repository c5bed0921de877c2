/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image-files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "alloc.h"
#include "archive-index.h"
#include "log.h"
#include "temporary.h"

#define TAR_MAGIC_OFFSET 257 /* "ustar", of POSIX's and GNU's format */

struct ImageFiles {
        char *path;
        int directory; /* -1: an archive */
        int archive;   /* uncompressed */
        uint64_t archive_size;
        ArchiveIndex *index;
        Store *store;
        char *temporary; /* where archive is, if it is a copy */
};

void image_files_free(ImageFiles *f) {
        if (f->temporary)
                unlinkat(store_fd(f->store), f->temporary, 0);
        free(f->temporary);
        free(f->path);
        closep(&f->directory);
        closep(&f->archive);
        archive_index_free(f->index);
        free(f);
}

const char *image_files_path(const ImageFiles *f) {
        return f->path;
}

void file_range_done(FileRange *r) {
        closep(&r->fd);
        r->fd = -1;
}

static ImageFiles *new_files(const char *path) {
        ImageFiles *f = xnew(ImageFiles, 1);
        f->path = xstrdup(path);
        f->directory = f->archive = -1;
        return f;
}

int image_files_open_directory(const char *path, ImageFiles **ret) {
        _cleanup_image_files_ ImageFiles *f = new_files(path);
        f->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (f->directory < 0)
                return log_error_errno(errno, "cannot open the image layout %s", path);
        *ret = TAKE_PTR(f);
        return 0;
}

/* Whether it can be used as it is: a file that is not compressed. */
static bool is_plain(int fd) {
        char magic[5];
        return pread(fd, magic, sizeof(magic), TAR_MAGIC_OFFSET) == sizeof(magic) &&
               memcmp(magic, "ustar", sizeof(magic)) == 0;
}

static int read_index(ImageFiles *f, int *output) {
        struct stat st;
        _cleanup_free_ char *error = NULL;
        int r = archive_index_make(f->archive, *output, &f->index, &error);
        if (r < 0) {
                log_error("image archive %s: %s", f->path, error);
                return r;
        }
        if (*output >= 0) {
                close(f->archive);
                f->archive = TAKE_FD(*output);
        }
        if (fstat(f->archive, &st) < 0)
                return log_error_errno(errno, "cannot read %s", f->path);
        f->archive_size = st.st_size;
        return 0;
}

int image_files_open_archive(Store *s, const char *path, ImageFiles **ret) {
        _cleanup_image_files_ ImageFiles *f = new_files(path);
        _cleanup_close_ int output = -1;
        struct stat st;
        f->store = s;
        f->archive = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (f->archive < 0 || fstat(f->archive, &st) < 0)
                return log_error_errno(errno, "cannot open the image archive %s", path);
        if (S_ISDIR(st.st_mode))
                return log_error_errno(EISDIR, "cannot open the image archive %s", path);
        if (!S_ISREG(st.st_mode) || !is_plain(f->archive)) {
                output = temporary_file(s, &f->temporary);
                if (output < 0)
                        return log_error_errno(output, "cannot make a temporary file in %s", store_path(s));
        }
        int r = read_index(f, &output);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(f);
        return 0;
}

static int find_in_directory(ImageFiles *f, const char *name, FileRange *ret) {
        struct open_how how = {
                .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
        };
        struct stat st;
        _cleanup_close_ int fd = syscall(SYS_openat2, f->directory, name, &how, sizeof(how));
        if (fd < 0)
                return log_error_errno(errno, "cannot open %s/%s%s", f->path, name,
                                errno == EXDEV ? ", which leads out of the image layout" : "");
        if (fstat(fd, &st) < 0)
                return log_error_errno(errno, "cannot read %s/%s", f->path, name);
        if (!S_ISREG(st.st_mode)) {
                log_error("%s/%s is not a regular file", f->path, name);
                return -EINVAL;
        }
        *ret = (FileRange){ .fd = TAKE_FD(fd), .size = st.st_size };
        return 0;
}

static int find_in_archive(ImageFiles *f, const char *name, FileRange *ret) {
        const ArchiveMember *m;
        _cleanup_free_ char *error = NULL;
        int r = archive_index_find(f->index, name, &m, &error);
        if (r < 0) {
                log_error("image archive %s: %s", f->path, error);
                return r;
        }
        if (m->offset > f->archive_size || m->size > f->archive_size - m->offset) {
                log_error("image archive %s ends before its file \"%s\" does", f->path, name);
                return -EBADMSG;
        }
        int fd = fcntl(f->archive, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return log_error_errno(errno, "cannot read %s", f->path);
        *ret = (FileRange){ .fd = fd, .offset = m->offset, .size = m->size };
        return 0;
}

int image_files_find(ImageFiles *f, const char *name, FileRange *ret) {
        return f->directory >= 0 ? find_in_directory(f, name, ret) : find_in_archive(f, name, ret);
}

int image_files_read(ImageFiles *f, const char *name, size_t max, char **ret, size_t *ret_size) {
        _cleanup_file_range_ FileRange range = { .fd = -1 };
        int r = image_files_find(f, name, &range);
        if (r < 0)
                return r;
        if (range.size > max) {
                log_error("%s: the file \"%s\" has %" PRIu64 " bytes: expected at most %zu", f->path, name,
                                range.size, max);
                return -EFBIG;
        }
        _cleanup_free_ char *text = xmalloc(range.size + 1);
        size_t done = 0;
        while (done < range.size) {
                ssize_t n = pread(range.fd, text + done, range.size - done, range.offset + done);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return log_error_errno(n < 0 ? errno : ENODATA, "cannot read the file \"%s\" of %s",
                                        name, f->path);
                done += n;
        }
        text[done] = 0;
        *ret = TAKE_PTR(text);
        *ret_size = done;
        return 0;
}
