/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The directories of a tree that is being unpacked: finding and making the parent of each entry, and giving
 * directories their modes and times once they are full. */

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "macro.h"
#include "path-set.h"

typedef struct UnpackTree UnpackTree;

/* root is borrowed; -1: nothing is made. single: it is of one layer, whose notes (unpack-format.h) are kept.
 */
UnpackTree *unpack_tree_new(int root, bool privileged, bool single);
void unpack_tree_free(UnpackTree *t);
DEFINE_CLEANUP(UnpackTree *, unpack_tree_free)

/* What the paths of the entries so far are. */
PathSet *unpack_tree_paths(UnpackTree *t);

/* Finds the directory that path (normal form) lies in, makes what is missing of it and notes that in the
 * set. Returns 0 with *ret_parent (-1 if nothing is made; borrowed, until the next call) and *ret_name; 1 if
 * an earlier layer has something else than a directory on the way: the entry is not to be seen. -ENOTDIR and
 * others of openat2(2). */
int unpack_tree_parent(
                UnpackTree *t, unsigned layer, const char *path, int *ret_parent, const char **ret_name);
/* Whether that was by way of a symbolic link, so that something may be there that the set does not know. */
bool unpack_tree_parent_is_linked(const UnpackTree *t);
/* The same for the target of a hard link, which must be there already; *ret_parent is the caller's. */
int unpack_tree_find(UnpackTree *t, const char *path, int *ret_parent, const char **ret_name);

/* Makes the directory (it may have been implied) and remembers mode and times for unpack_tree_finish; path
 * "" is the root itself. -E2BIG when it is too much to remember. */
typedef struct UnpackDirectory {
        const char *path;
        mode_t mode;
        uid_t uid;
        gid_t gid;
        struct timespec times[2];
} UnpackDirectory;
int unpack_tree_directory(UnpackTree *t, int parent, const char *name, const UnpackDirectory *d);
/* Removes what is at a place, not being a directory; missing is fine. */
int unpack_tree_remove(UnpackTree *t, int parent, const char *name);
/* The directory at path, which is in the set, hides what the layers below this one have in it; without
 * inherits, it does not get its owner and mode from there either. -E2BIG; -ENOTDIR. */
int unpack_tree_hide(UnpackTree *t, unsigned layer, const char *path, size_t length, bool inherits);
/* Makes a whiteout, of a path that is in the set as one. */
int unpack_tree_whiteout(UnpackTree *t, int parent, const char *name, const char *path);
int unpack_tree_write_notes(const UnpackTree *t, int fd);

/* *ret_path (borrowed) is the directory at which it failed. */
int unpack_tree_finish(UnpackTree *t, const char **ret_path);
