/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Blobs and trees, which OCI images may share with each other. */

#include "image-record.h"
#include "sweep.h"

typedef struct ImageParts ImageParts;

/* Those of these images. Borrows strings of the records. */
ImageParts *image_parts_new(ImageRecord *const *records, size_t n);
void image_parts_free(ImageParts *p);
DEFINE_CLEANUP(ImageParts *, image_parts_free)
#define _cleanup_image_parts_ _cleanup_(image_parts_freep)

bool image_parts_have_blob(const ImageParts *p, const char *id);
bool image_parts_have_tree(const ImageParts *p, const char *tree_id);

/* Removes what images that have been removed consisted of, as far as those that are left do not have it: the
 * blobs, and, if use is given, the trees that no pod uses. The caller holds store_lock_changes, and for
 * trees prepareLock exclusively. The number of trees, or a negative errno after going on. */
int image_parts_release(Store *s, ImageRecord *const *removed, size_t n_removed, const ImageParts *left,
                const StoreUse *use);
