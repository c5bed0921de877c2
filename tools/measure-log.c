/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure-log.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "file.h"
#include "lock.h"
#include "log.h"

#define MODE            0600
#define MODE_INCOMPLETE (MODE | S_ISVTX) /* as systemd marks it */

int measure_log_open(const char *path, MeasureLog *ret) {
        struct stat st;
        _cleanup_free_ char *directory = xstrdup(path);
        char *slash = strrchr(directory, '/');
        if (slash && slash != directory) {
                *slash = 0;
                mkdir_parents_at(AT_FDCWD, directory, 0755); /* if it fails, open says so */
        }
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, MODE);
        if (fd < 0)
                return log_error_errno(errno, "cannot open the log of measurements %s", path);
        int r = lock_fd(fd, LOCK_MODE_EXCLUSIVE, true);
        if (r < 0)
                return log_error_errno(r, "cannot lock %s", path);
        if (fstat(fd, &st) < 0 || fchmod(fd, MODE_INCOMPLETE) < 0)
                return log_error_errno(errno, "%s", path);
        *ret = (MeasureLog){ .incomplete = st.st_mode & S_ISVTX };
        ret->fd = TAKE_FD(fd);
        return 0;
}

void measure_log_close(MeasureLog *l) {
        if (l->fd >= 0)
                close(TAKE_FD(l->fd));
}

void measure_log_undo(MeasureLog *l) {
        if (!l->incomplete)
                fchmod(l->fd, MODE);
}

static json_object *digests_to_json(const TpmDigests *digests) {
        json_object *array = json_object_new_array();
        for (size_t i = 0; i < digests->n; i++) {
                char hex[2 * sizeof(digests->items[i].bytes) + 1];
                for (unsigned j = 0; j < digests->items[i].size; j++)
                        snprintf(hex + 2 * j, 3, "%02x", digests->items[i].bytes[j]);
                json_object *o = json_object_new_object();
                json_object_object_add(o, "hashAlg", json_object_new_string(digests->items[i].algorithm));
                json_object_object_add(o, "digest", json_object_new_string(hex));
                json_object_array_add(array, o);
        }
        return array;
}

int measure_log_write(MeasureLog *l, unsigned pcr, const TpmDigests *digests, json_object *content) {
        _cleanup_json_ json_object *o = json_object_new_object();
        json_object_object_add(o, "pcr", json_object_new_int64(pcr));
        json_object_object_add(o, "digests", digests_to_json(digests));
        json_object_object_add(o, "content_type", json_object_new_string("rkt"));
        json_object_object_add(o, "content", content);
        _cleanup_free_ char *text = json_to_text(o, false), *record = xasprintf("\036%s\n", text);
        int r = write_all(l->fd, record, strlen(record));
        if (r >= 0 && fdatasync(l->fd) < 0 && errno != EINVAL)
                r = -errno;
        if (r < 0)
                return log_error_errno(r, "cannot write to the log of measurements");
        measure_log_undo(l);
        return 0;
}
