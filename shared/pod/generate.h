/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From what the user asked for and what the images say to a pod manifest. */

#include "image-lookup.h"
#include "image-manifest.h"
#include "pod-manifest.h"
#include "request.h"

typedef struct PodImage {
        char *id;
        ImageTrees trees;
        char *manifest_text;
        size_t manifest_size;
        ImageManifest *manifest;
} PodImage;

void pod_images_free(PodImage *images, size_t n);

/* images[i] is that of q->apps[i]. The result is final: what runs needs neither the command line nor the
 * caller's environment any more. Logs failures; -EINVAL. */
int pod_manifest_generate(const PodRequest *q, const PodImage *images, PodManifest **ret);

/* os and arch of an image must be there and be ones that rkt runs. Logs; -EINVAL. */
int pod_image_check(const PodImage *image);
