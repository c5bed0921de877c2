/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "blob.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "file.h"
#include "strv.h"

static char *blob_directory(const char *id) {
        return xasprintf(STORE_BLOBS "/%.2s", id + strlen("sha512-"));
}

char *blob_path(const char *id) {
        return xasprintf(STORE_BLOBS "/%.2s/%s", id + strlen("sha512-"), id);
}

int blob_open(Store *s, const char *id) {
        if (!store_id_is_whole(id))
                return -ENOENT;
        _cleanup_free_ char *path = blob_path(id);
        int fd = openat(store_fd(s), path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int blob_commit(Store *s, const char *temporary, const char *id) {
        _cleanup_free_ char *path = blob_path(id), *directory = blob_directory(id);
        /* the group and the setgid bit come from the parent */
        if (mkdirat(store_fd(s), directory, 0700) >= 0) {
                if (fchmodat(store_fd(s), directory, 02770, 0) < 0)
                        return -errno;
        } else if (errno != EEXIST)
                return -errno;
        if (renameat(store_fd(s), temporary, store_fd(s), path) < 0)
                return -errno;
        int r = fsync_directory_at(store_fd(s), directory);
        return r < 0 ? r : fsync_directory_at(store_fd(s), STORE_BLOBS);
}

int blob_remove(Store *s, const char *id) {
        _cleanup_free_ char *path = blob_path(id), *directory = blob_directory(id);
        if (unlinkat(store_fd(s), path, 0) < 0 && errno != ENOENT)
                return -errno;
        unlinkat(store_fd(s), directory, AT_REMOVEDIR); /* if that was the last */
        return 0;
}

int blob_list(Store *s, char ***ret) {
        _cleanup_strv_ char **directories = NULL, **ids = strv_copy(NULL);
        int r = list_directory_at(store_fd(s), STORE_BLOBS, &directories);
        if (r < 0)
                return r;
        STRV_FOREACH (d, directories) {
                _cleanup_free_ char *path = xasprintf(STORE_BLOBS "/%s", *d);
                _cleanup_strv_ char **names = NULL;
                r = list_directory_at(store_fd(s), path, &names);
                if (r == -ENOENT || r == -ENOTDIR)
                        continue;
                if (r < 0)
                        return r;
                STRV_FOREACH (name, names)
                        if (store_id_is_whole(*name))
                                strv_add(&ids, *name);
        }
        *ret = TAKE_PTR(ids);
        return 0;
}
