/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Parts of /proc and /sys that apps do not get to see, or to write: what rkt 1.30 hid, and what runc and
 * crun hide today. Ends with NULL. */
extern const char *const masks_hidden[];
extern const char *const masks_read_only[];

/* Something empty to cover paths with: a read-only tmpfs, detached. */
int mask_create(void);

/* Covers path below rootfd: a directory by an empty one, anything else by an empty file, neither of which
 * anybody may open; /sys/fs by a directory that has nothing but an empty cgroup. What is not there needs no
 * cover. mask is mask_create's, attached. */
int mask_cover(int rootfd, const char *path, int mask);
int mask_read_only(int rootfd, const char *path);
