/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Images of registries by their usual names: DATA/cas/reference/HOST[:PORT]/REPOSITORY:TAG or …@sha256:HEX,
 * a file that holds an image ID. */

#include "store.h"

/* Whether s can be such a name: HOST[:PORT]/REPOSITORY with a tag or a digest, all of it fit for a path. */
bool store_reference_is_valid(const char *canonical);

/* -ENOENT if there is none, or if its image is gone; -EINVAL. */
int store_reference_find(Store *s, const char *canonical, char **ret_id);
/* Replaces an older one. The caller holds store_lock_changes. */
int store_reference_save(Store *s, const char *canonical, const char *id);

/* Removes those whose image is not in the store, and with id those of this image. The same lock. */
int store_reference_sweep(Store *s, const char *id);
