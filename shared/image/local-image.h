/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An OCI image in files of this machine, all of whose documents have been read and verified, and its way
 * into the store. */

#include "image-files.h"
#include "oci-config.h"
#include "oci-manifest.h"
#include "reference.h"

typedef struct LocalImage {
        ImageFiles *files; /* owned */
        char *source;      /* what the user wrote, for messages */
        char *manifest_text, *manifest_digest;
        size_t manifest_size;
        char *config_text;
        size_t config_size;
        OciManifest *manifest;
        OciConfig *config;
        char **layer_files; /* strv: the name of each layer's file in files */
        char *name, *tag;   /* what the image is called; tag may be NULL */
        char *reference;    /* its name in a registry, if it has one: "docker.io/library/redis:7", or NULL */
} LocalImage;

void local_image_done(LocalImage *i);
#define _cleanup_local_image_ _cleanup_(local_image_done)

/* The image that a reference names; of several, the one that fits this machine. These log failures. */
int oci_layout_read(const Reference *reference, LocalImage *i);     /* i->files is open */
int docker_archive_read(const Reference *reference, LocalImage *i); /* the same */

/* What an image is called that has no name: "dir/redis.tar.gz" -> "redis". */
char *local_image_name_of_path(const char *path);

/* *ret_id is allocated. Layers that the store has are not read. */
int local_image_import(Store *s, LocalImage *i, char **ret_id);
