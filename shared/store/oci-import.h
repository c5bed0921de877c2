/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An OCI image, once all of its layers are in the store: the documents that make an image of them are put in
 * place, and its record as the last. */

#include <stddef.h>
#include <stdint.h>

#include "layer-import.h"
#include "store.h"

typedef struct OciImportLayer {
        const char *digest, *diff_id; /* "sha256:…" */
        uint64_t size;                /* bytes of the blob */
        LayerImport *import;          /* NULL: the layer is in the store already */
} OciImportLayer;

typedef struct OciImportRequest {
        const char *source; /* what the image comes from, for messages */
        const void *manifest;
        size_t manifest_size;
        const char *manifest_digest; /* "sha256:…", verified by the caller, as the next */
        const void *config;
        size_t config_size;
        const char *config_digest;
        const char *image_manifest;   /* the appc image manifest that the configuration maps to: JSON */
        const char *reference;        /* canonical, as "docker.io/library/redis:7"; NULL: none */
        const OciImportLayer *layers; /* bottom first */
        size_t n_layers;
} OciImportRequest;

/* Waits until nobody else imports the image with this manifest, and keeps others from it as long as the
 * returned descriptor is open: for callers that look whether the store has the image, and fetch it if not.
 * Logs failures. */
int oci_import_lock(Store *s, const char *manifest_digest);

/* Waits for the layers that are still being unpacked, and puts the image in place. *ret_id is allocated.
 * Logs failures. -ESTALE if a layer that was in the store has been removed meanwhile: it is to be fetched
 * again. */
int oci_import_commit(Store *s, const OciImportRequest *request, char **ret_id);

/* The image with the ID "sha256-…" of a manifest's digest is in the store, whole. Its usual name becomes
 * reference, if that is not NULL. 1 or 0, or a negative errno. Does not log. */
int oci_import_find(Store *s, const char *manifest_digest, const char *reference, char **ret_id);
