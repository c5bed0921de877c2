/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Images as prepare and run need them: found in the store or fetched by rkt-fetch, rendered by rkt-image. So
 * the programs that start pods load neither curl nor libarchive. All functions log their failures. */

#include <stdbool.h>
#include <stddef.h>

#include "image-lookup.h"
#include "request.h"

/* The full ID of an image. By policy it is fetched if the store does not have it (PULL_NEW), or anyway
 * (PULL_UPDATE). signature may be NULL. */
int images_find(const char *reference, PullPolicy policy, const char *signature, char **ret_id);
bool images_have(const char *reference);
int images_manifest_text(const char *id, char **ret_text, size_t *ret_size);
/* The trees that it runs from, which exist when this returns, rendered now if need be: those that an overlay
 * takes, or a single one that holds all. By policy what the image depends on and the store does not have is
 * fetched. */
int images_trees(const char *id, PullPolicy policy, bool overlay, ImageTrees *ret);
