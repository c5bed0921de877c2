/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Changes to an image's manifest, as the options of patch-manifest give them. */

#include "image-manifest.h"

typedef struct ManifestPatch { /* NULL: no change */
        char *name;
        char *exec; /* words with blanks between them */
        char *user, *group;
        char *groups;                     /* IDs with commas between them */
        char *capabilities, *revoked;     /* names with commas between them */
        char *mounts, *ports, *isolators; /* with colons between them */
        char *seccomp_mode, *seccomp_set;
} ManifestPatch;

bool manifest_patch_is_empty(const ManifestPatch *p);
/* Changes m, which may be invalid afterwards only in its name. -EINVAL with *ret_error. */
int manifest_patch_apply(const ManifestPatch *p, ImageManifest *m, char **ret_error);
