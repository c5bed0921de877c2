/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Volumes that outlive pods: DATA/volumes/NAME (rkt-volume(1)). A stage1 makes one that a pod names and that
 * is not there. */

#include "volume.h"

char *named_volume_path(const char *data_dir, const char *name);

/* Names, sorted. None if there is no directory of volumes. */
int named_volumes_list(const char *data_dir, char ***ret);

/* Which pods use which. A pod uses a volume from when it begins to be prepared until it has ended. */
typedef struct NamedVolumeUse {
        char *volume;
        char uuid[37];
} NamedVolumeUse;

typedef struct NamedVolumeUses {
        NamedVolumeUse *items;
        size_t n;
        char **unreadable; /* UUIDs of pods that might use any */
} NamedVolumeUses;

void named_volume_uses_done(NamedVolumeUses *u);
#define _cleanup_named_volume_uses_ _cleanup_(named_volume_uses_done)

int named_volume_uses_read(const char *data_dir, NamedVolumeUses *ret);

/* Both log. -EEXIST; -EBUSY when a pod uses it, -ENOENT. */
int named_volume_create(const char *data_dir, const char *name, mode_t mode, uid_t uid, gid_t gid);
int named_volume_remove(const char *data_dir, const char *name);
