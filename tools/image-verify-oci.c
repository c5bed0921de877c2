/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The blobs of an OCI image, and the trees of its layers. */

#include <errno.h>
#include <sys/stat.h>

#include "alloc.h"
#include "blob.h"
#include "image-lookup.h"
#include "image-record.h"
#include "layer-tree.h"
#include "log.h"
#include "oci-digest.h"
#include "oci-render.h"
#include "sha256.h"
#include "strv.h"
#include "verify-tree.h"

typedef struct Verification {
        Store *store;
        const char *reference;
        const ImageRecord *record;
        int result;
} Verification;

static void note(Verification *v, int error) {
        if (error < 0 && v->result == 0)
                v->result = error;
}

static int hash_blob(Store *s, const char *id, char **ret) {
        _cleanup_free_ char *digest = NULL;
        _cleanup_close_ int fd = blob_open(s, id);
        struct stat st;
        if (fd < 0)
                return fd;
        int r = fstat(fd, &st) < 0 ? -errno : sha256_digest_range(fd, 0, st.st_size, &digest);
        if (r >= 0)
                *ret = oci_digest_to_id(digest);
        return r;
}

/* One that is damaged goes, so that the next fetch of the image brings it anew. */
static int verify_blob(Verification *v, const char *what, const char *id) {
        _cleanup_free_ char *found = NULL;
        int r = hash_blob(v->store, id, &found);
        if (r < 0)
                return log_error_errno(r, "cannot read the %s %s of image %s; fetch it again", what, id,
                                v->reference);
        if (streq(found, id))
                return 0;
        log_error("the %s %s of image %s is damaged: its content has the digest %s; it is removed: fetch "
                  "the "
                  "image again",
                        what, id, v->reference, found);
        _cleanup_close_ int lock = store_lock_changes(v->store);
        if (lock >= 0)
                blob_remove(v->store, id);
        return -EBADMSG;
}

static int place(Store *s, const VerifiedTree *t) {
        int r = layer_tree_place(s, t->fresh_path, t->tree_id);
        return r < 0 ? log_error_errno(r, "cannot put %s in place", t->tree_id) : 0;
}

static int verify_fresh(Verification *v, const char *tree_id, const char *temporary, int rootfs) {
        _cleanup_free_ char *what = xasprintf("image %s, %s", v->reference, tree_id);
        const VerifiedTree tree = {
                .what = what,
                .tree_id = tree_id,
                .fresh_path = temporary,
                .fresh = rootfs,
                .place = place,
        };
        return verify_tree(v->store, &tree);
}

static int verify_layer(Verification *v, const LayerRecord *layer) {
        _cleanup_free_ char *own = layer_tree_id(layer->diff_id), *path = NULL;
        _cleanup_close_ int rootfs = -1;
        int r = verify_blob(v, "layer", layer->blob);
        if (r < 0 || !layer->tree_id)
                return r;
        r = oci_unpack_layer(v->store, layer, &path, &rootfs);
        return r < 0 || !path ? r : verify_fresh(v, own, path, rootfs);
}

static int take_variant(void *userdata, const char *tree_id, const char *temporary, int rootfs) {
        Verification *v = userdata;
        note(v, verify_fresh(v, tree_id, temporary, rootfs));
        return 0;
}

/* Those that are made of a layer's own tree and what lies below it. */
static int verify_variants(Verification *v) {
        _cleanup_strv_ char **diff_ids = strv_copy(NULL), **trees = NULL;
        _cleanup_free_ char *error = NULL;
        const LayerChainCheck check = { .take = take_variant, .userdata = v };
        for (size_t i = 0; i < v->record->n_layers; i++) {
                if (!v->record->layers[i].tree_id)
                        return 0;
                strv_add(&diff_ids, v->record->layers[i].diff_id);
        }
        int r = layer_chain_trees(v->store, diff_ids, &check, &trees, &error);
        if (r < 0)
                log_error("cannot verify the trees of image %s: %s", v->reference, error ?: strerror(-r));
        return r;
}

int verify_oci(Store *s, const char *reference, const char *id) {
        _cleanup_image_record_ ImageRecord *record = NULL;
        _cleanup_free_ char *error = NULL;
        int r = image_record_load(s, id, &record, &error);
        if (r < 0) {
                log_error("image %s: %s", reference, error ?: strerror(-r));
                return r;
        }
        Verification v = { .store = s, .reference = reference, .record = record };
        note(&v, verify_blob(&v, "manifest", record->id));
        note(&v, verify_blob(&v, "configuration", record->config));
        for (size_t i = 0; i < record->n_layers; i++)
                note(&v, verify_layer(&v, &record->layers[i]));
        if (v.result >= 0)
                note(&v, verify_variants(&v));
        return v.result;
}
