/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Mounts through descriptors (the mount API of Linux 5.2 and, for attributes, 5.12): a mount is made or
 * copied detached, restricted while nobody can see it, and only then put in its place. Everything returns a
 * negative errno on failure. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>

#include "macro.h"

/* A new file system. options is NULL or key, value, key, value, …, NULL; a value of "" sets a flag.
 * attributes are MOUNT_ATTR_…. On failure *ret_why, if not NULL, gets what the kernel said about it
 * (allocated, or NULL). */
int mount_create(const char *type, const char *const *options, uint64_t attributes, char **ret_why);

/* For the end of such options: the SELinux context of everything in the file system; NULL: none. */
#define MOUNT_LABEL(context) (context) ? "context" : NULL, (context)

/* A copy of what is mounted at dirfd/path (path "" is dirfd itself), links followed. It is in no peer group.
 */
int mount_clone(int dirfd, const char *path, bool recursive);

/* Sets and clears MOUNT_ATTR_… on a mount; with path "" on the one that mountfd is the root of. */
int mount_restrict(int mountfd, const char *path, bool recursive, uint64_t set, uint64_t clear);

/* Copies of an attached mount get what is mounted on it. */
int mount_share(int mountfd);

/* Shows the owners in a detached mount (with recursive, in all of the tree) as the user namespace has them:
 * what is root's there is the namespace's root's. -EINVAL if a file system cannot do that; -EPERM if it has
 * been done already. */
int mount_map_owners(int mountfd, bool recursive, int user_namespace);

int mount_attach(int mountfd, int target); /* on what target (a descriptor) is */
int mount_attach_at(int mountfd, int dirfd, const char *path);

/* Makes the root of mountfd, which must be attached, the root and working directory of the process, and
 * drops everything that was mounted before it: nothing of the old root can be reached any more but through
 * open descriptors. */
int mount_pivot(int mountfd);
