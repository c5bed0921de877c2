/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/* The whole disk that the file system of a path lies on: limits of input and output are the disk's, not a
 * partition's. -ENODEV if there is none: a file system in memory, of the network, or made of others. */
int block_device_of(int dirfd, const char *path, dev_t *ret);
