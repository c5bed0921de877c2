/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One file of an archive, made in a directory that is open: its type, content, owner, mode, attributes and
 * times. All functions return 0 or a negative errno; *ret_step is then what failed, for a message. */

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct UnpackPlace {
        int parent;       /* a directory */
        const char *name; /* a single component that does not exist there */
        bool privileged;
} UnpackPlace;

/* Why an image may not have this device node at path (normal form, below the root), or NULL. */
const char *unpack_device_problem(const char *path, mode_t type, dev_t device);

int unpack_file(const UnpackPlace *p, struct archive *a, struct archive_entry *e, const char **ret_step);
int unpack_symlink(const UnpackPlace *p, struct archive_entry *e, const char **ret_step);
int unpack_special(const UnpackPlace *p, struct archive_entry *e, const char **ret_step);

void unpack_times(struct archive_entry *e, struct timespec ret[static 2]);
