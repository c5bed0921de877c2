/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app.h"
#include "name-value.h"

#define IMAGE_MANIFEST_KIND "ImageManifest"

typedef struct Dependency {
        char *image_name; /* AC identifier */
        char *image_id;   /* NULL: not said */
        NameValueList labels;
        uint64_t size; /* bytes; 0: not said */
} Dependency;

typedef struct ImageManifest {
        char *ac_version;
        char *name; /* AC identifier */
        NameValueList labels;
        App *app; /* may be NULL */
        NameValueList annotations;
        Dependency *dependencies;
        size_t n_dependencies;
        char **path_whitelist; /* NULL: everything */
} ImageManifest;

ImageManifest *image_manifest_new(const char *name); /* of our acVersion */
void image_manifest_free(ImageManifest *m);
DEFINE_CLEANUP(ImageManifest *, image_manifest_free)
#define _cleanup_image_manifest_ _cleanup_(image_manifest_freep)

/* Parses and validates everything. name is that of the file, for messages. -EINVAL with *ret_error
 * (allocated) "NAME:LINE:COLUMN: member: what was expected"; -EFBIG, also with an error, beyond
 * APPC_MANIFEST_MAX. */
int image_manifest_parse(
                const char *name, const char *text, size_t size, ImageManifest **ret, char **ret_error);
/* Opens and parses dirfd/path. An error of the file system is returned with *ret_error, too. */
int image_manifest_load_at(int dirfd, const char *path, ImageManifest **ret, char **ret_error);
/* Members in the order of the appc schema, empty ones left out. */
json_object *image_manifest_to_json(const ImageManifest *m);
char *image_manifest_to_text(const ImageManifest *m, bool pretty);
