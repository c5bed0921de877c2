/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The archives themselves: DATA/cas/blob/sha512/ab/ID, as they were fetched. */

#include <stdint.h>

#include "store.h"

char *blob_path(const char *id);         /* relative to DATA/cas; allocated */
int blob_open(Store *s, const char *id); /* for reading; a descriptor or -errno */

/* Puts a temporary file (temporary_file) in place, over an older one if there is one. The caller holds
 * store_lock_changes and has synced the content. */
int blob_commit(Store *s, const char *temporary, const char *id);
int blob_remove(Store *s, const char *id); /* missing is fine */

/* IDs of all blobs: strv. */
int blob_list(Store *s, char ***ret);
