/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "alloc.h"
#include "blob.h"
#include "image-record.h"
#include "layer-import.h"
#include "layer-tree.h"
#include "log.h"
#include "oci-digest.h"
#include "temporary.h"

static bool has_layer(const ImageRecord *record, const char *blob, const char *diff_id) {
        for (size_t i = 0; i < record->n_layers; i++)
                if (streq_ptr(record->layers[i].blob, blob) || streq_ptr(record->layers[i].diff_id, diff_id))
                        return true;
        return false;
}

static bool is_used(Store *s, const char *blob, const char *diff_id) {
        ImageRecord **records = NULL;
        size_t n = 0;
        int r = image_records_load(s, &records, &n);
        bool used = r < 0;
        for (size_t i = 0; i < n && !used; i++)
                used = has_layer(records[i], blob, diff_id);
        image_records_free(records, n);
        return used;
}

/* Whoever has found the layer meanwhile, and counts on it, looks again before an image is put in place
 * (oci_import_commit). */
static int drop_locked(Store *s, const char *blob, const char *diff_id) {
        if (is_used(s, blob, diff_id))
                return 0;
        _cleanup_free_ char *tree_id = layer_tree_id(diff_id), *path = xasprintf(STORE_TREES "/%s", tree_id);
        int r = blob_remove(s, blob), q = geteuid() == 0 ? temporary_discard_tree(s, path) : 0;
        return r < 0 ? r : q == -ENOENT ? 0 : q;
}

void store_drop_layer(Store *s, const char *digest, const char *diff_id) {
        _cleanup_free_ char *blob = oci_digest_to_id(digest), *diff = oci_digest_to_id(diff_id);
        _cleanup_close_ int lock = store_lock_changes(s);
        int r = lock < 0 ? lock : drop_locked(s, blob, diff);
        if (r < 0)
                log_warning_errno(r, "cannot remove layer %s from %s", digest, store_path(s));
}
