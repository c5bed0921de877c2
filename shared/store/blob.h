/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What was fetched, byte for byte: DATA/cas/blob/sha512/ab/ID are ACIs under the IDs of their images;
 * DATA/cas/blob/sha256/ab/ID are the manifests, configurations and layers of OCI images, "sha256-" and 64
 * digits of the digest being the ID. */

#include <stdint.h>

#include "store.h"

char *blob_path(const char *id);         /* relative to DATA/cas; allocated */
int blob_open(Store *s, const char *id); /* for reading; a descriptor or -errno */

/* Puts a temporary file (temporary_file) in place, over an older one if there is one. The caller holds
 * store_lock_changes and has synced the content. */
int blob_commit(Store *s, const char *temporary, const char *id);
int blob_remove(Store *s, const char *id); /* missing is fine */

/* Its size, or -ENOENT and others. */
int64_t blob_size(Store *s, const char *id);
/* Begins its grace anew (store_sweep), so that it is not taken for a stray one. */
int blob_touch(Store *s, const char *id);

/* IDs of all blobs of an algorithm ("sha256", "sha512"): strv. */
int blob_list(Store *s, const char *algorithm, char ***ret);
