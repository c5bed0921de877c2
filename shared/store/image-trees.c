/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image-lookup.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "image-record.h"
#include "strv.h"

static bool strv_equal(char *const *a, char *const *b) {
        size_t n = strv_length(a);
        if (n != strv_length(b))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!streq(a[i], b[i]))
                        return false;
        return true;
}

/* The store does not compute digests here (that would load a library at each start of a pod): a tree's ID is
 * noted with what it was made from, and holds as long as that is the same. What an image depends on by name
 * can change; that it depends on nothing can not. */
int store_tree_id(Store *s, const char *id, char **ret_tree_id, char **ret_error) {
        _cleanup_image_record_ ImageRecord *record = NULL;
        int r = image_record_load(s, id, &record, ret_error);
        if (r < 0)
                return r;
        if (!record->tree_id)
                return -ENODATA;
        if (strv_length(record->tree_images) != 1) {
                _cleanup_strv_ char **ids = NULL;
                r = store_flatten(s, id, &ids, ret_error);
                if (r < 0)
                        return r;
                if (!strv_equal(ids, record->tree_images))
                        return -ENODATA;
        }
        *ret_tree_id = xstrdup(record->tree_id);
        return 0;
}

int store_tree_exists(Store *s, const char *tree_id) {
        if (!store_tree_id_is_valid(tree_id))
                return -EINVAL;
        _cleanup_free_ char *path = xasprintf(STORE_TREES "/%s/rootfs", tree_id);
        if (faccessat(store_fd(s), path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return 1;
        return errno == ENOENT ? 0 : -errno;
}

void image_trees_clear(ImageTrees *t) {
        strv_free(t->ids);
        *t = (ImageTrees){};
}

int store_whole_tree(Store *s, const char *id, ImageTrees *ret, char **ret_error) {
        _cleanup_free_ char *tree_id = NULL;
        int r = store_tree_id(s, id, &tree_id, ret_error);
        if (r >= 0)
                r = store_tree_exists(s, tree_id);
        if (r <= 0)
                return r < 0 ? r : -ENODATA;
        *ret = (ImageTrees){};
        strv_push(&ret->ids, TAKE_PTR(tree_id));
        return 0;
}

/* A layer that comes twice shows all that it has where it is uppermost, and an overlay takes no directory
 * twice. */
static int layer_trees(Store *s, const ImageRecord *record, ImageTrees *ret) {
        _cleanup_image_trees_ ImageTrees trees = {};
        bool has_root = false;
        for (size_t i = record->n_layers; i-- > 0;) {
                const LayerRecord *layer = &record->layers[i];
                int r = layer->tree_id ? store_tree_exists(s, layer->tree_id) : 0;
                if (r <= 0)
                        return r < 0 ? r : -ENODATA;
                if (!strv_contains(trees.ids, layer->tree_id)) {
                        if (!has_root)
                                trees.root = strv_length(trees.ids);
                        strv_add(&trees.ids, layer->tree_id);
                }
                has_root |= layer->root;
                if (layer->opaque)
                        break;
        }
        *ret = trees;
        trees = (ImageTrees){};
        return 0;
}

int store_overlay_trees(Store *s, const char *id, ImageTrees *ret, char **ret_error) {
        _cleanup_image_record_ ImageRecord *record = NULL;
        if (!store_id_is_oci(id))
                return store_whole_tree(s, id, ret, ret_error);
        int r = image_record_load(s, id, &record, ret_error);
        if (r < 0)
                return r;
        if (record->n_layers == 0 || record->n_layers > OVERLAY_LAYERS_MAX)
                return store_whole_tree(s, id, ret, ret_error);
        return layer_trees(s, record, ret);
}
