/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* manifest.json of the archives that docker save, podman save and skopeo write: which of their files make
 * which images. Errors as in oci-manifest.h. */

#include <stddef.h>

#include "macro.h"

typedef struct DockerArchiveImage {
        char *config;  /* a file */
        char **tags;   /* REPOSITORY:TAG, unchecked; may be empty, never NULL */
        char **layers; /* files, bottom first; the same */
} DockerArchiveImage;

typedef struct DockerArchive {
        DockerArchiveImage *images;
        size_t n_images;
} DockerArchive;

void docker_archive_free(DockerArchive *a);
DEFINE_CLEANUP(DockerArchive *, docker_archive_free)
#define _cleanup_docker_archive_ _cleanup_(docker_archive_freep)

int docker_archive_parse(
                const char *name, const char *text, size_t size, DockerArchive **ret, char **ret_error);
char *docker_archive_to_text(const DockerArchive *a);
