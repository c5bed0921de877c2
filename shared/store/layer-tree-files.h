/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What layer-tree.c and layer-chain.c share. */

#include "layer-tree.h"

#define OVERLAY_OPAQUE "trusted.overlay.opaque"
/* What overlays look at that are mounted with userxattr, as systemd mounts a RootMStack=. */
#define OVERLAY_OPAQUE_USER "user.overlay.opaque"

/* Paths with a NUL behind each. */
typedef struct Paths {
        char *text;
        size_t size;
} Paths;

int layer_tree_save(int dirfd, const LayerTree *tree);
