/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store.h"

/* Removes the image: it is gone with its record; then what belongs to it is removed. -ENOENT if it is not
 * there. 1 if it is gone, but some of its files are left (which gc removes), with *ret_error (allocated).
 * Its tree, which a pod may be using, and what it may share with other images are left to
 * image_parts_release. */
int image_remove(Store *s, const char *id, char **ret_error);
/* The same while the caller holds store_lock_changes. */
int image_remove_locked(Store *s, const char *id, char **ret_error);
