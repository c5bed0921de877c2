/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The images that one image is made of (appc spec, "Dependency Matching" and "Image Rendering"). */

#include "image-manifest.h"
#include "store.h"

#define IMAGE_LAYERS_MAX 1024

typedef struct ImageLayer {
        char *id;
        unsigned level; /* 0: the image itself; below it 1 more than its parent */
        ImageManifest *manifest;
} ImageLayer;

typedef struct ImageLayerList {
        ImageLayer *items;
        size_t n;
} ImageLayerList;

void image_layers_clear(ImageLayerList *l);
#define _cleanup_image_layers_ _cleanup_(image_layers_clear)

/* All layers, the uppermost first: each image stands before its dependencies, the last of which is the next.
 * An image that is reached on two ways stands there twice. -ENOENT, -ELOOP, -E2BIG, -EINVAL with *ret_error.
 */
int image_layers_load(Store *s, const char *id, ImageLayerList *ret, char **ret_error);

/* Index of the parent of layer i; i > 0. */
size_t image_layer_parent(const ImageLayerList *l, size_t i);
