/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Images as roots for others than pods: DATA/links/NAME has
 *
 *   rootfs  the image's tree once more: directories of its own, and hard links to what is in them
 *   image   the image's ID
 *
 * or, in place of rootfs, NAME.mstack: systemd.mstack(7), the layers of an overlay that is mounted by who
 * uses it. layer@N, 0 being the lowest, are symbolic links to the trees of an OCI image's layers. That of
 * another image is one directory like rootfs: the store may render it anew, into another tree, for what it
 * depends on. A single layer has an empty one below it.
 *
 * A symbolic link to the tree would do but for systemd 252, whose RootDirectory= cannot be reached through
 * one. The image stays in the store as long as it is linked. */

#include "image-lookup.h"
#include "store.h"

#define ROOT_LINKS "links" /* beside DATA/cas */

typedef struct RootLink {
        char *name;
        char *image; /* ID */
        bool stack;
} RootLink;

/* Letters, digits, ".", "_" and "-", not "." at the beginning. */
bool root_link_name_is_valid(const char *name);

/* Links image id, whose tree is there, in place of another one if replace is set, else -EEXIST. The caller
 * shares prepareLock from before it has looked whether the tree is there. */
int root_link_make(Store *s, const char *name, const char *id, const char *tree_id, bool replace);
/* The same with a stack of these trees. */
int root_link_make_stack(Store *s, const char *name, const char *id, const ImageTrees *trees, bool replace);
/* -ENOENT. */
int root_link_remove(Store *s, const char *name);

/* All of them, by name. What has no image is left out. */
int root_links_load(Store *s, RootLink **ret, size_t *ret_n);
/* The first one of the image; NULL: there is none. Borrowed. */
const RootLink *root_links_find(const RootLink *links, size_t n, const char *id);
void root_links_free(RootLink *links, size_t n);

/* DATA/links/NAME/rootfs or NAME.mstack; allocated. */
char *root_link_path(const Store *s, const char *name, bool stack);
