/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "user-namespace.h"

/* For file systems that cannot show owners mapped: gives everything in the directory dirfd/path, and itself,
 * to the same IDs in a user namespace. What is not one of the first range.count IDs stays as it is, so doing
 * it again does no harm. Set-user-ID bits and file capabilities, which a change of the owner takes away, are
 * kept. Symbolic links are not followed, and what is mounted there is left alone. */
int shift_tree_at(int dirfd, const char *path, IdRange range);
