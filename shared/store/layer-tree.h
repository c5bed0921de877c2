/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Unpacked layers of OCI images, each of which can be a lower directory of an overlay:
 * DATA/cas/tree/layer-sha256-HEX, HEX being the layer's diff ID, with its
 *
 *   rootfs   what the layer adds and changes; what it takes away in the form that overlayfs has for that
 *   layer    a JSON object: LayerTree
 *   implied  if there are any: directories that no entry of the layer speaks of, each with a NUL behind it
 *   whiteouts  the same way, but for those in the top directory
 *
 * Implied directories would hide owner and mode that layers below have for them; and whiteouts in
 * directories that no layer below has would be listed in them, because overlayfs only looks for whiteouts
 * where it merges directories. A layer with some of these is therefore given, for each row of layers that it
 * lies on, a tree of its own (layer_chain_trees), which shares the files of the first one. */

#include <stdint.h>

#include "store.h"

typedef struct LayerTree {
        uint64_t size; /* bytes in regular files */
        bool root;     /* there is an entry for the top directory: its owner and mode count */
        bool opaque;   /* nothing of the layers below it is to be seen */
} LayerTree;

char *layer_tree_id(const char *diff_id); /* "layer-" and the ID "sha256-HEX" */

/* -ENOENT if there is no such tree. */
int layer_tree_load(Store *s, const char *tree_id, LayerTree *ret);

/* Completes a temporary tree by what rkt-unpack notes of it (unpack-format.h), which is data from outside.
 * Syncs what it writes, and nothing else. Root only. On failure *ret_error (allocated) is what was tried. */
typedef struct LayerTreeRequest {
        const char *temporary;
        int rootfs;
        uint64_t size;
        const char *notes;
        size_t notes_size;
} LayerTreeRequest;
int layer_tree_complete(Store *s, const LayerTreeRequest *request, char **ret_error);
/* Gives a temporary tree its name, or removes it if there is one of that name. */
int layer_tree_place(Store *s, const char *temporary, const char *tree_id);

/* The trees that layers with these diff IDs (IDs, bottom first) are in an image together, made as far as
 * they are missing: *ret, a strv in the same order. The trees of their own must be there. With check, those
 * that are not a layer's own are made anew, be they there or not, and handed to it: it takes the temporary
 * tree, and returns < 0 to end this. Root only. */
typedef struct LayerChainCheck {
        int (*take)(void *userdata, const char *tree_id, const char *temporary, int rootfs);
        void *userdata;
} LayerChainCheck;
int layer_chain_trees(Store *s, char *const *diff_ids, const LayerChainCheck *check, char ***ret,
                char **ret_error);
