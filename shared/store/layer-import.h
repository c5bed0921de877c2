/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One layer of an OCI image on its way into the store: rkt-unpack reads its bytes while they come, checks
 * and hashes them, and unpacks them to a tree of the layer's own (store_takes_layer_trees). Several may run
 * at the same time. The compressed bytes are the business of whoever has fetched them: they become the blob
 * (blob.h). */

#include "store.h"

typedef struct LayerRequest {
        const char *source;  /* what the layer comes from, for messages */
        const char *digest;  /* "sha256:…" of the bytes as they come */
        const char *diff_id; /* "sha256:…" of the uncompressed tar */
        int fd, follow;      /* as in UnpackerLayer; borrowed until layer_import_start returns */
} LayerRequest;

typedef struct LayerImport LayerImport;

/* Logs failures, as the others do. From the first import to layer_import_free of the last, signals that end
 * the process are held (import-signal.h). */
int layer_import_start(Store *s, const LayerRequest *request, LayerImport **ret);

/* Readable when rkt-unpack has ended; borrowed. */
int layer_import_pollfd(const LayerImport *i);

/* Waits for the verdict, and puts the tree in place: one that no image has yet, which gc removes after a day
 * of grace. Fails if the content does not have the diff ID. May be called again for the same answer. */
int layer_import_wait(LayerImport *i);

/* The same, but the tree stays a temporary one, which becomes the caller's: *ret_path, NULL if there is
 * none; returned is its rootfs, locked, or -1. */
int layer_import_wait_temporary(LayerImport *i, char **ret_path, int *ret_rootfs);

/* Ends rkt-unpack, if need be, and removes what is not in place. */
void layer_import_free(LayerImport *i);
DEFINE_CLEANUP(LayerImport *, layer_import_free)
#define _cleanup_layer_import_ _cleanup_(layer_import_freep)

/* Whether the store has the layer: its blob and, if that can be, its tree. If it has, its grace begins anew.
 */
bool store_has_layer(Store *s, const char *digest, const char *diff_id);

/* Removes the blob and the tree of a layer that came with an image that was found to be bad, unless an image
 * has it. temporary_sweep then removes what the tree was. Logs failures. */
void store_drop_layer(Store *s, const char *digest, const char *diff_id);
