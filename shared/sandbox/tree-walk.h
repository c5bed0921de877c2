/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/stat.h>

/* fd is of any kind of file, opened with O_PATH. */
typedef int (*TreeWalkEach)(int fd, const struct stat *st, const void *userdata);

/* Calls each for everything in the directory dirfd/path, and then for itself, until one returns < 0, which
 * is returned. Symbolic links are not followed, and what is mounted there is left alone. */
int tree_walk_at(int dirfd, const char *path, TreeWalkEach each, const void *userdata);
