/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What layer-tree.c and layer-chain.c share. */

#include "layer-tree.h"

#define OVERLAY_OPAQUE "trusted.overlay.opaque"

int layer_tree_save(int dirfd, const LayerTree *tree);
/* Gives a temporary tree its name, or removes it if there is one of that name. */
int layer_tree_place(Store *s, const char *temporary, const char *tree_id);
