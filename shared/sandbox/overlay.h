/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* Mounts an overlay, detached. The directories are opened below dirfd and passed to the kernel by
 * descriptor, so it does not matter how long their paths are and whether they hold ":" or ",". lower:
 * topmost first. label is the SELinux context of its files, or NULL. Needs /proc. On failure *ret_why
 * (allocated, or NULL) says which directory, or what the kernel said. */
int overlay_mount(int dirfd, char *const *lower, const char *upper, const char *work, uint64_t attributes,
                const char *label, char **ret_why);
