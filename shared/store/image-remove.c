/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image-remove.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "blob.h"
#include "file.h"
#include "image-name.h"
#include "image-record.h"
#include "remote.h"
#include "store-reference.h"

static int remove_parts(Store *s, const char *id, const char *name) {
        _cleanup_free_ char *manifest = xasprintf(STORE_MANIFESTS "/%s", id);
        size_t n = 0;
        int result = store_id_is_oci(id) ? 0 : blob_remove(s, id);
        if (unlinkat(store_fd(s), manifest, 0) < 0 && errno != ENOENT)
                result = -errno;
        int r = name ? image_name_remove(s, name, id) : 0;
        if (r < 0)
                result = r;
        r = remote_sweep(s, id, &n);
        if (r < 0)
                result = r;
        r = store_id_is_oci(id) ? store_reference_sweep(s, id) : 0;
        return r < 0 ? r : result;
}

int image_remove_locked(Store *s, const char *id, char **ret_error) {
        _cleanup_image_record_ ImageRecord *record = NULL;
        if (!store_id_is_whole(id))
                return -ENOENT;
        _cleanup_free_ char *path = xasprintf(STORE_IMAGES "/%s", id);
        image_record_load(s, id, &record, NULL); /* one that is broken can be removed all the same */
        if (unlinkat(store_fd(s), path, 0) < 0)
                return -errno;
        int r = fsync_directory_at(store_fd(s), STORE_IMAGES);
        if (r >= 0)
                r = remove_parts(s, id, record ? record->name : NULL);
        if (r < 0 && ret_error)
                *ret_error = xstrdup(strerror(-r));
        return r < 0;
}

int image_remove(Store *s, const char *id, char **ret_error) {
        _cleanup_close_ int lock = store_lock_changes(s);
        return lock < 0 ? lock : image_remove_locked(s, id, ret_error);
}
