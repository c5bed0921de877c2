/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An image as a directory: a file "manifest" and a directory "rootfs". The functions log what is wrong, with
 * the path, and return a negative errno. */

#include <stdbool.h>

#include "aci-writer.h"

/* Checks that there is nothing but these two in the directory, and that the manifest is one. name is the
 * directory's, for messages. */
int aci_tree_check(int dirfd, const char *name);

/* Writes both: the manifest first, then each directory before what is in it, names in order, numeric owners.
 */
int aci_tree_write(int dirfd, const char *name, bool owner_root, AciWriter *w);
/* Only the directory rootfs, as prefix: "rootfs", or "." for a layer of an OCI image. */
int aci_tree_write_rootfs(int dirfd, const char *name, const char *prefix, AciWriter *w);
