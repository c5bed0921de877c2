/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What layer-tree.c and layer-chain.c share. */

#include "layer-tree.h"

#define OVERLAY_OPAQUE "trusted.overlay.opaque"

int layer_tree_save(int dirfd, const LayerTree *tree);
