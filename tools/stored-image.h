/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An image of the store as an OCI image: as it is, or, for an ACI, converted to one layer of its whole tree.
 * All functions log failures. */

#include "image-record.h"
#include "oci-config.h"
#include "oci-manifest.h"
#include "store.h"

typedef struct StoredImage {
        Store *store;
        ImageRecord *record;
        char *manifest_text, *manifest_digest;
        size_t manifest_size;
        char *config_text;
        size_t config_size;
        OciManifest *manifest;
        OciConfig *config;
        char *name; /* HOST/REPOSITORY:TAG, or NULL: none that an OCI image could have */
        int layer;  /* of an ACI: the layer, a file without a name; else -1 */
} StoredImage;

/* Keeps others from removing images and trees as long as *ret is open, for root; others may meet a removal,
 * which is an error then. */
int stored_images_hold(Store *s, int *ret);

int stored_image_open(Store *s, const char *id, StoredImage *ret);
void stored_image_done(StoredImage *i);
#define _cleanup_stored_image_ _cleanup_(stored_image_done)

/* A descriptor of a layer's bytes, as the manifest describes them, or uncompressed; owned by the caller, to
 * be read from the start. */
int stored_image_open_layer(const StoredImage *i, size_t n);
int stored_image_open_uncompressed(const StoredImage *i, size_t n, uint64_t *ret_size);

/* The directory of the image's whole tree, with rootfs in it; root only. */
int stored_image_open_tree(Store *s, const char *id);
