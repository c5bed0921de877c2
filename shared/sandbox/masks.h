/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Parts of /proc and /sys that apps do not get to see, or to write: what rkt 1.30 hid, and what runc, crun,
 * Docker and podman hide today. Ends with NULL. */
extern const char *const masks_hidden[];
extern const char *const masks_read_only[];

/* Adds to *paths those that each processor has of its own: how often it was throttled tells of other loads
 * on it. root is where the host's /sys is: "/sys", but for tests. */
void masks_add_processors(const char *root, char ***paths);

/* Something empty to cover paths with: a read-only tmpfs, detached. */
int mask_create(const char *label);

/* Covers path below rootfd: a directory by an empty one, anything else by an empty file, neither of which
 * anybody may open; /sys/fs by a directory that has nothing but an empty cgroup. What is not there needs no
 * cover. mask is mask_create's, attached. */
int mask_cover(int rootfd, const char *path, int mask);
int mask_read_only(int rootfd, const char *path);
