/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Places in an app's root that the image names or that a mount needs. The tree is somebody else's: a path is
 * walked by descriptor and never leaves the root, whatever links it meets. */

typedef enum TargetKind {
        TARGET_DIRECTORY,
        TARGET_FILE,
} TargetKind;

/* Opens path below rootfd (O_PATH), following links as if rootfd were "/", and creates what is missing:
 * directories 0755, and at the end a directory or an empty file (0644). Returns the descriptor, or -EISDIR
 * or -ENOTDIR when something of the other kind is there, -ELOOP for more than 40 links, … */
int target_open(int rootfd, const char *path, TargetKind kind);

/* The same without creating anything. */
int target_find(int rootfd, const char *path);

/* *ret (allocated): path without links and "..", as target_open would find it, whether it is there or not.
 */
int target_resolve(int rootfd, const char *path, char **ret);
