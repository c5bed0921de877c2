/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image-parts.h"

#include "alloc.h"
#include "blob.h"
#include "layer-tree.h"
#include "strv.h"

#define LAYER_PREFIX "layer-"

typedef struct Set {
        const char **items;
        size_t n;
} Set;

struct ImageParts {
        Set blobs, trees; /* a layer's own tree is there as its diff ID */
};

static void add(Set *set, const char *item) {
        if (!item)
                return;
        xgrow(&set->items, set->n);
        set->items[set->n++] = item;
}

static bool have(const Set *set, const char *item) {
        return set->n > 0 && bsearch(&item, set->items, set->n, sizeof(*set->items), string_compare);
}

static void add_record(ImageParts *p, const ImageRecord *record) {
        add(&p->blobs, record->id);
        add(&p->blobs, record->config);
        add(&p->trees, record->tree_id);
        for (size_t i = 0; i < record->n_layers; i++) {
                add(&p->blobs, record->layers[i].blob);
                add(&p->trees, record->layers[i].tree_id);
                add(&p->trees, record->layers[i].diff_id);
        }
}

ImageParts *image_parts_new(ImageRecord *const *records, size_t n) {
        ImageParts *p = xnew(ImageParts, 1);
        for (size_t i = 0; i < n; i++)
                add_record(p, records[i]);
        if (p->blobs.n > 0)
                qsort(p->blobs.items, p->blobs.n, sizeof(*p->blobs.items), string_compare);
        if (p->trees.n > 0)
                qsort(p->trees.items, p->trees.n, sizeof(*p->trees.items), string_compare);
        return p;
}

void image_parts_free(ImageParts *p) {
        free(p->blobs.items);
        free(p->trees.items);
        free(p);
}

bool image_parts_have_blob(const ImageParts *p, const char *id) {
        return have(&p->blobs, id);
}

bool image_parts_have_tree(const ImageParts *p, const char *tree_id) {
        const char *diff_id = startswith(tree_id, LAYER_PREFIX);
        return have(&p->trees, tree_id) || (diff_id && have(&p->trees, diff_id));
}

typedef struct Release {
        Store *store;
        const ImageParts *left;
        const StoreUse *use;
        int n_trees, result;
} Release;

static void release_blob(Release *r, const char *id) {
        int q = image_parts_have_blob(r->left, id) ? 0 : blob_remove(r->store, id);
        if (q < 0)
                r->result = q;
}

static void release_tree(Release *r, const char *tree_id) {
        if (!tree_id || !r->use || image_parts_have_tree(r->left, tree_id))
                return;
        int q = store_sweep_tree(r->store, r->use, tree_id);
        if (q < 0)
                r->result = q;
        else
                r->n_trees += q;
}

static void release_record(Release *r, const ImageRecord *record) {
        release_blob(r, record->id);
        if (record->config)
                release_blob(r, record->config);
        release_tree(r, record->tree_id);
        for (size_t i = 0; i < record->n_layers; i++) {
                _cleanup_free_ char *own = layer_tree_id(record->layers[i].diff_id);
                release_blob(r, record->layers[i].blob);
                release_tree(r, record->layers[i].tree_id);
                release_tree(r, own);
        }
}

int image_parts_release(Store *s, ImageRecord *const *removed, size_t n_removed, const ImageParts *left,
                const StoreUse *use) {
        Release r = { .store = s, .left = left, .use = use };
        for (size_t i = 0; i < n_removed; i++)
                release_record(&r, removed[i]);
        return r.result < 0 ? r.result : r.n_trees;
}
