/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The index by name, DATA/cas/name/NAME/@ID -> the record: so that finding an image does not mean reading
 * the records of all. A link to a record that is gone is ignored, and removed by gc. The caller holds
 * store_lock_changes. */

#include "store.h"

int image_name_add(Store *s, const char *name, const char *id);
int image_name_remove(Store *s, const char *name, const char *id); /* missing is fine */
/* Removes the links that lead nowhere. */
int image_name_sweep(Store *s, size_t *ret_n);
