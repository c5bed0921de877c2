/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the metadata service knows, as files, so that it can end and begin again at any moment:
 *
 *      hmac-key                             of all pods' signatures
 *      tokens/TOKEN                         a link whose text is the UUID
 *      pods/UUID/{token,manifest,annotations}
 *      pods/UUID/apps/APP/{manifest,annotations,image-id}
 *
 * Nearly all of them are what is answered, byte for byte. Only one process changes them at a time: the
 * service, or, when it is not there, whoever removes a pod. */

#include <stddef.h>

#include "metadata-route.h"

#define METADATA_STATE    "/run/rkt-metadata"
#define METADATA_KEY_SIZE 64 /* the digest's, as RFC 2104 recommends */

/* Makes what is missing. A descriptor, or -errno after logging. */
int metadata_state_open(const char *path);

/* The key is made once. */
int metadata_state_key(int state, unsigned char ret[static METADATA_KEY_SIZE]);

/* All of these give -errno; with *ret_error (allocated) if there is something to say about a manifest.
 *
 * A pod that is there is replaced, with its apps. -EINVAL, -EFBIG: the manifest; -EEXIST: another pod has
 * the token. */
int metadata_state_put_pod(int state, const char *uuid, const char *token, const char *manifest, size_t size,
                char **ret_error);
/* The manifest of its image. -ENOENT: there is no such pod, or it has no such app. */
int metadata_state_put_app(int state, const char *uuid, const char *app, const char *manifest, size_t size,
                char **ret_error);
int metadata_state_remove(int state, const char *uuid); /* -ENOENT: it is not there */

/* The pod that has the token. -ENOENT. */
int metadata_state_find(int state, const char *token, char ret_uuid[static UUID_STRING_SIZE]);
/* What is answered at the endpoint, which is none of HMAC's: a file that holds it, or -ENOENT. */
int metadata_state_open_file(int state, const char *uuid, const MetadataRoute *r);
/* The value of an annotation, allocated; -ENOENT. */
int metadata_state_annotation(int state, const char *uuid, const MetadataRoute *r, char **ret);
