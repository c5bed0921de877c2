/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* The directories of a tree made again somewhere else in the file system, with hard links to all that is in
 * them. from and to are directories, to is empty. Root only. */
int tree_link(int from, int to);

/* Gives directory to what directory from has: owner, mode, times, and the attributes that an image can set;
 * with overlay, also that it is opaque. */
int tree_copy_status(int from, int to, bool overlay);
