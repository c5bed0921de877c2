/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the store notes of each image: DATA/cas/image/ID, one small JSON object. The file's modification
 * time is when the image was last used. */

#include <stdint.h>

#include "event.h"
#include "name-value.h"
#include "store.h"

/* A layer of an OCI image. */
typedef struct LayerRecord {
        char *blob, *diff_id;     /* IDs: "sha256-…" */
        char *tree_id;            /* of layer-tree.h; NULL: never unpacked */
        uint64_t size, tree_size; /* bytes of the blob; of the tree */
        bool root, opaque;        /* as in LayerTree */
} LayerRecord;

typedef struct ImageRecord {
        char *id;
        char *name; /* AC identifier */
        NameValueList labels;
        int64_t import_time, last_used; /* nanoseconds since the epoch */
        bool latest;                    /* fetched by its name without a version */
        uint64_t blob_size, tree_size;  /* bytes; tree 0: not rendered */
        char *tree_id;                  /* of tree_images; NULL: never rendered */
        char **tree_images;             /* IDs, uppermost first, that tree_id was made from */

        /* of an OCI image */
        char *config;        /* ID of the blob; NULL: it is an ACI */
        char *reference;     /* its usual name; NULL: none */
        LayerRecord *layers; /* bottom first; blob_size above is that of all blobs together */
        size_t n_layers;
} ImageRecord;

void image_record_free(ImageRecord *r);
DEFINE_CLEANUP(ImageRecord *, image_record_free)
#define _cleanup_image_record_ _cleanup_(image_record_freep)

/* Its usual name, if it has one; else "NAME:VERSION", or the name. Allocated. */
char *image_record_title(const ImageRecord *r);

/* Tells the journal that it was put in the store or removed from it. */
void image_record_tell(const ImageRecord *r, EventKind kind);

/* Bytes of its blobs and trees, be they shared with other images or not. */
uint64_t image_record_size(const ImageRecord *r);

/* -ENOENT if there is no such image; -EINVAL with *ret_error (allocated, may be NULL) if the file is broken.
 */
int image_record_load(Store *s, const char *id, ImageRecord **ret, char **ret_error);
/* Writes it in place of the old one, with last_used as its time. The caller holds store_lock_changes. */
int image_record_save(Store *s, const ImageRecord *r);

/* All images, by ID. One that vanishes meanwhile is left out; a broken record is logged and left out. */
int image_records_load(Store *s, ImageRecord ***ret, size_t *ret_n);
/* The same for a list: of each only the ID, the title, the times and image_record_size can be counted on. */
int image_records_list(Store *s, ImageRecord ***ret, size_t *ret_n);
void image_records_free(ImageRecord **records, size_t n);

/* From and to the text of the file. */
int image_record_parse(const char *name, const char *text, size_t size, ImageRecord **ret, char **ret_error);
int image_record_parse_line(
                const char *name, const char *text, size_t size, ImageRecord **ret, char **ret_error);
char *image_record_to_text(const ImageRecord *r);
