/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sweep.h"

/* What pods use of the store: the trees of all that have not been collected, the images of those that are
 * prepared or running. A pod that cannot be read is logged, and sets unknown. The caller holds prepareLock
 * exclusively. */
int image_use_scan(const char *data_dir, StoreUse *ret);
