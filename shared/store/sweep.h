/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Garbage collection of the store. What pods use comes from outside (this layer knows no pods); the caller
 * holds prepareLock exclusively from before it has looked at the pods until store_sweep returns, so that no
 * pod comes to use anything in between. The work that takes long, removing trees, is left to temporary_sweep
 * after that. */

#include <stdint.h>

#include "store.h"

typedef struct StoreUse {
        char **images; /* IDs, strv */
        char **trees;  /* tree IDs, strv */
        bool unknown;  /* there is a pod that cannot be read: it may use anything */
} StoreUse;

void store_use_clear(StoreUse *u);
#define _cleanup_store_use_ _cleanup_(store_use_clear)

/* Removes images that nobody uses and that were last used more than grace nanoseconds ago; then trees that
 * neither a pod nor an image that is left has; then files that belong to no image. What a fetch of an OCI
 * image that has not ended, or that shall be gone on with, may need is given as long, but at most a day:
 * layers of no image. Prints a line for each image and tree that goes. Logs failures and goes on; the first
 * one is returned. */
int store_sweep(Store *s, const StoreUse *use, int64_t grace);

/* Moves the tree out of the store if nobody uses it. 1 if it did. The same lock. */
int store_sweep_tree(Store *s, const StoreUse *use, const char *tree_id);
