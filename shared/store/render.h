/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Trees from blobs, through rkt-unpack. Functions log their failures. store_render_tree is in
 * image-lookup.h. */

#include <stdint.h>

#include "store.h"

/* Image id with its dependencies (rendered), or as it is in its own archive, into the empty directory root.
 */
int render_to_directory(Store *s, const char *id, int root);
int extract_to_directory(Store *s, const char *id, int root);
/* The uncompressed archive of an ACI, which must have the image's ID. */
int export_to_fd(Store *s, const char *id, int output);

/* Renders the image anew beside its tree: into a temporary tree (temporary.h), *ret_path, with the ID that
 * it would have. Returns the lock of it. */
int render_to_temporary(Store *s, const char *id, char **ret_path, char **ret_tree_id, uint64_t *ret_size);
/* Puts a temporary tree in place if there is none yet; else it is removed. Notes it in the record. */
int render_commit(Store *s, const char *id, const char *temporary, const char *tree_id, uint64_t size);
