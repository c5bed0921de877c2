/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trees of layers from their blobs: for an image that was fetched by somebody who is not root, and for what
 * has been lost. */

#include "oci-render.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "blob.h"
#include "file.h"
#include "image-lookup.h"
#include "layer-import.h"
#include "layer-tree.h"
#include "log.h"
#include "oci-digest.h"
#include "strv.h"

#define PARALLEL_MAX 4

int oci_choose_trees(Store *s, ImageRecord *record, char **ret_error) {
        _cleanup_strv_ char **diff_ids = strv_copy(NULL), **trees = NULL;
        for (size_t i = 0; i < record->n_layers; i++)
                strv_add(&diff_ids, record->layers[i].diff_id);
        int r = layer_chain_trees(s, diff_ids, NULL, &trees, ret_error);
        for (size_t i = 0; i < record->n_layers && r >= 0; i++) {
                LayerRecord *layer = &record->layers[i];
                LayerTree tree = {};
                r = layer_tree_load(s, trees[i], &tree);
                free(layer->tree_id);
                layer->tree_id = xstrdup(trees[i]);
                layer->tree_size = tree.size;
                layer->root = tree.root;
                layer->opaque = tree.opaque;
        }
        return r;
}

static int start(Store *s, const LayerRecord *layer, LayerImport **ret) {
        _cleanup_free_ char *digest = oci_digest_from_id(layer->blob),
                            *diff_id = oci_digest_from_id(layer->diff_id),
                            *source = xasprintf("layer %s", layer->blob);
        _cleanup_close_ int fd = blob_open(s, layer->blob);
        if (fd < 0)
                return log_error_errno(fd, "cannot open the layer %s", layer->blob);
        const LayerRequest q = {
                .source = source, .digest = digest, .diff_id = diff_id, .fd = fd, .follow = -1
        };
        return layer_import_start(s, &q, ret);
}

int oci_unpack_layer(Store *s, const LayerRecord *layer, char **ret_path, int *ret_rootfs) {
        _cleanup_layer_import_ LayerImport *import = NULL;
        int r = start(s, layer, &import);
        return r < 0 ? r : layer_import_wait_temporary(import, ret_path, ret_rootfs);
}

static bool has_own_tree(Store *s, const LayerRecord *layer) {
        _cleanup_free_ char *tree_id = layer_tree_id(layer->diff_id);
        return store_tree_exists(s, tree_id) > 0;
}

static int unpack_layers(Store *s, const ImageRecord *record) {
        LayerImport *running[PARALLEL_MAX] = {};
        int r = 0;
        for (size_t i = 0, n = 0; i < record->n_layers && r >= 0; i++) {
                LayerImport **slot = &running[n % PARALLEL_MAX];
                if (has_own_tree(s, &record->layers[i]))
                        continue;
                if (*slot) {
                        r = layer_import_wait(*slot);
                        layer_import_free(TAKE_PTR(*slot));
                }
                if (r >= 0)
                        r = start(s, &record->layers[i], slot);
                n++;
        }
        for (size_t k = 0; k < PARALLEL_MAX; k++)
                if (running[k]) {
                        if (r >= 0)
                                r = layer_import_wait(running[k]);
                        layer_import_free(running[k]);
                }
        return r;
}

/* Removed meanwhile: the trees are still good for who asked for them. */
static int save_trees(Store *s, const ImageRecord *record) {
        _cleanup_image_record_ ImageRecord *now = NULL;
        _cleanup_close_ int lock = store_lock_changes(s);
        int r = lock < 0 ? lock : image_record_load(s, record->id, &now, NULL);
        if (r == -ENOENT)
                return 0;
        if (r >= 0)
                r = fsync_directory_at(store_fd(s), STORE_TREES);
        if (r < 0 || now->n_layers != record->n_layers)
                return r;
        LayerRecord *layers = now->layers;
        now->layers = record->layers;
        r = image_record_save(s, now);
        now->layers = layers;
        return r;
}

static int render_layers(Store *s, const char *id) {
        _cleanup_image_record_ ImageRecord *record = NULL;
        _cleanup_free_ char *error = NULL;
        int r = image_record_load(s, id, &record, &error);
        if (r >= 0) {
                r = unpack_layers(s, record);
                if (r < 0)
                        return r;
                r = oci_choose_trees(s, record, &error);
        }
        if (r < 0) {
                log_error("cannot render image %s: %s", id, error ?: strerror(-r));
                return r;
        }
        r = save_trees(s, record);
        return r < 0 ? log_error_errno(r, "cannot note the trees of image %s", id) : 0;
}

static int find_trees(Store *s, const char *id, ImageTrees *ret) {
        _cleanup_free_ char *error = NULL;
        int r = store_overlay_trees(s, id, ret, &error);
        if (r < 0 && r != -ENODATA)
                log_error("cannot render image %s: %s", id, error ?: strerror(-r));
        return r;
}

static int render(Store *s, const char *id) {
        _cleanup_image_record_ ImageRecord *record = NULL;
        _cleanup_free_ char *tree_id = NULL;
        if (!store_id_is_oci(id))
                return store_render_tree(s, id, &tree_id);
        int r = image_record_load(s, id, &record, NULL);
        if (r < 0)
                return log_error_errno(r, "cannot read the record of image %s", id);
        return record->n_layers == 0 || record->n_layers > OVERLAY_LAYERS_MAX
                               ? store_render_tree(s, id, &tree_id)
                               : render_layers(s, id);
}

/* Two who want the same trees at once: one makes them, the other waits. */
int store_render_overlay_trees(Store *s, const char *id, ImageTrees *ret) {
        int r = find_trees(s, id, ret);
        if (r != -ENODATA)
                return r;
        _cleanup_free_ char *lock_path = xasprintf(STORE_TREES "/.lock-layers-%s", id);
        _cleanup_close_ int lock = lock_file_at(store_fd(s), lock_path, LOCK_MODE_EXCLUSIVE, true);
        if (lock < 0)
                return log_error_errno(lock, "cannot lock %s/%s", store_path(s), lock_path);
        r = find_trees(s, id, ret);
        if (r == -ENODATA && (r = render(s, id)) >= 0)
                r = find_trees(s, id, ret);
        unlinkat(store_fd(s), lock_path, 0);
        return r;
}
