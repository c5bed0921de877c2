/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From what a user calls an image to one that is in the store. */

#include "reference.h"
#include "store.h"

/* IDs, names and images of registries; not what lies in a file or at a URL: -EINVAL. -ENOENT, and the errors
 * of store_resolve, with *ret_error (allocated; NULL if there is no more to say than the errno). */
int image_find_reference(Store *s, const Reference *reference, char **ret_id, char **ret_error);

/* For commands that only know the store: an ID, a name, or else the name of an image in a registry with
 * docker:// in front or without. Never a file. The same errors. */
int image_find_text(Store *s, const char *text, char **ret_id, char **ret_error);
