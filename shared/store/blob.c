/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "blob.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "file.h"
#include "strv.h"

#define ALGORITHM_LENGTH 6 /* "sha256", "sha512" */

char *blob_path(const char *id) {
        return xasprintf(STORE_BLOBS "/%.*s/%.2s/%s", ALGORITHM_LENGTH, id, id + ALGORITHM_LENGTH + 1, id);
}

int blob_open(Store *s, const char *id) {
        if (!store_id_is_whole(id))
                return -ENOENT;
        _cleanup_free_ char *path = blob_path(id);
        int fd = openat(store_fd(s), path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int blob_commit(Store *s, const char *temporary, const char *id) {
        _cleanup_free_ char *path = blob_path(id);
        int r = store_make_parents(s, path);
        if (r < 0)
                return r;
        if (renameat(store_fd(s), temporary, store_fd(s), path) < 0)
                return -errno;
        return store_sync_parents(s, path);
}

int64_t blob_size(Store *s, const char *id) {
        struct stat st;
        if (!store_id_is_whole(id))
                return -ENOENT;
        _cleanup_free_ char *path = blob_path(id);
        if (fstatat(store_fd(s), path, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return S_ISREG(st.st_mode) ? st.st_size : -ENOENT;
}

int blob_touch(Store *s, const char *id) {
        _cleanup_free_ char *path = blob_path(id);
        return utimensat(store_fd(s), path, NULL, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

int blob_remove(Store *s, const char *id) {
        _cleanup_free_ char *path = blob_path(id);
        if (unlinkat(store_fd(s), path, 0) < 0 && errno != ENOENT)
                return -errno;
        *strrchr(path, '/') = 0;
        unlinkat(store_fd(s), path, AT_REMOVEDIR); /* if that was the last */
        return 0;
}

static int list_directory(Store *s, const char *path, const char *algorithm, char ***ids) {
        _cleanup_strv_ char **names = NULL;
        int r = list_directory_at(store_fd(s), path, &names);
        if (r < 0)
                return r == -ENOENT || r == -ENOTDIR ? 0 : r;
        STRV_FOREACH (name, names)
                if (store_id_is_whole(*name) && startswith(*name, algorithm))
                        strv_add(ids, *name);
        return 0;
}

int blob_list(Store *s, const char *algorithm, char ***ret) {
        _cleanup_strv_ char **directories = NULL, **ids = strv_copy(NULL);
        _cleanup_free_ char *top = xasprintf(STORE_BLOBS "/%s", algorithm);
        int r = list_directory_at(store_fd(s), top, &directories);
        if (r < 0)
                return r;
        STRV_FOREACH (d, directories) {
                _cleanup_free_ char *path = xasprintf("%s/%s", top, *d);
                r = list_directory(s, path, algorithm, &ids);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(ids);
        return 0;
}
