/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether two directories hold the same: types, owners, modes, sizes, content, targets, devices, and the
 * extended attributes that unpacking sets; not times. 0 if they do; 1 if not, with *ret_difference
 * (allocated): a path and what is different; or a negative errno. */
int tree_compare(int a, int b, char **ret_difference);
