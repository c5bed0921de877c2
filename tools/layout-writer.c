/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layout-writer.h"

#include <errno.h>
#include <fcntl.h>

#include "aci-writer.h"
#include "alloc.h"
#include "file.h"
#include "log.h"
#include "strv.h"

#define BUFFER_SIZE ((size_t) 256 * 1024)

struct LayoutWriter {
        char *name;
        int directory;      /* borrowed */
        AciWriter *archive; /* or this one */
        char **done;        /* names, of directories with a slash behind them */
};

int layout_writer_new(int fd, bool archive, const char *name, LayoutWriter **ret) {
        _cleanup_layout_writer_ LayoutWriter *w = xnew(LayoutWriter, 1);
        w->name = xstrdup(name);
        w->directory = archive ? -1 : fd;
        w->done = strv_copy(NULL);
        int r = archive ? aci_writer_new_fd(fd, name, "none", &w->archive) : 0;
        if (r >= 0)
                *ret = TAKE_PTR(w);
        return r;
}

void layout_writer_free(LayoutWriter *w) {
        if (w->archive)
                aci_writer_free(w->archive);
        strv_free(w->done);
        free(w->name);
        free(w);
}

static int put_parents(LayoutWriter *w, const char *name) {
        for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
                _cleanup_free_ char *parent = xstrndup(name, slash + 1 - name);
                if (strv_contains(w->done, parent))
                        continue;
                if (w->archive) {
                        int r = aci_writer_header(w->archive, parent, S_IFDIR | 0755, 0);
                        if (r < 0)
                                return r;
                } else if (mkdirat(w->directory, parent, 0755) < 0 && errno != EEXIST) {
                        return log_error_errno(errno, "%s: cannot create %s", w->name, parent);
                }
                strv_push(&w->done, TAKE_PTR(parent));
        }
        return 0;
}

bool layout_writer_has(const LayoutWriter *w, const char *name) {
        return strv_contains(w->done, name);
}

/* 1 if the file is there already. */
static int begin(LayoutWriter *w, const char *name) {
        if (strv_contains(w->done, name))
                return 1;
        int r = put_parents(w, name);
        if (r >= 0)
                strv_add(&w->done, name);
        return r;
}

static int open_file(LayoutWriter *w, const char *name) {
        int fd = openat(w->directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        return fd < 0 ? log_error_errno(errno, "%s: cannot create %s", w->name, name) : fd;
}

int layout_writer_put(LayoutWriter *w, const char *name, const void *data, size_t size) {
        int r = begin(w, name);
        if (r != 0)
                return MIN(r, 0);
        if (w->archive) {
                r = aci_writer_header(w->archive, name, S_IFREG | 0644, size);
                return r < 0 ? r : aci_writer_data(w->archive, data, size);
        }
        _cleanup_close_ int out = open_file(w, name);
        r = out < 0 ? out : write_all(out, data, size);
        return r < 0 && out >= 0 ? log_error_errno(r, "%s: cannot write %s", w->name, name) : r;
}

static int copy_to_archive(LayoutWriter *w, const char *name, int fd, uint64_t size) {
        _cleanup_free_ uint8_t *buffer = xmalloc(BUFFER_SIZE);
        uint64_t done = 0;
        int r = aci_writer_header(w->archive, name, S_IFREG | 0644, size);
        while (r >= 0 && done < size) {
                ssize_t n = pread(fd, buffer, MIN(size - done, BUFFER_SIZE), done);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return log_error_errno(n < 0 ? errno : ENODATA, "%s: cannot read what becomes %s",
                                        w->name, name);
                r = aci_writer_data(w->archive, buffer, n);
                done += n;
        }
        return r;
}

int layout_writer_put_fd(LayoutWriter *w, const char *name, int fd, uint64_t size) {
        int r = begin(w, name);
        if (r != 0)
                return MIN(r, 0);
        if (w->archive)
                return copy_to_archive(w, name, fd, size);
        _cleanup_close_ int out = open_file(w, name);
        if (out < 0)
                return out;
        r = copy_range(fd, 0, size, out);
        return r < 0 ? log_error_errno(r, "%s: cannot write %s", w->name, name) : 0;
}

int layout_writer_close(LayoutWriter *w) {
        int fd;
        return w->archive ? aci_writer_close(w->archive, &fd) : 0;
}
