/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the paths of the metadata service's requests mean: those of apps (App Container specification 0.8.11,
 * "App Container Metadata Service"), and those by which pods are registered. Both are as they stand in the
 * request, with percent-encoding and without a query. */

#include <limits.h>
#include <stdbool.h>

#include "uuid.h"

#define METADATA_TOKEN_SIZE 33 /* 16 random bytes in hexadecimal, and a NUL */

typedef enum MetadataEndpoint {
        METADATA_POD_ANNOTATIONS,
        METADATA_POD_ANNOTATION,
        METADATA_POD_MANIFEST,
        METADATA_POD_UUID,
        METADATA_HMAC_SIGN,
        METADATA_HMAC_VERIFY,
        METADATA_APP_ANNOTATIONS,
        METADATA_APP_ANNOTATION,
        METADATA_APP_MANIFEST,
        METADATA_APP_IMAGE_ID,
} MetadataEndpoint;

typedef struct MetadataRoute {
        MetadataEndpoint endpoint;
        char token[METADATA_TOKEN_SIZE]; /* "": what stands there cannot be one */
        char app[NAME_MAX + 1];          /* a valid name if the endpoint is one of an app's */
        char name[NAME_MAX + 1];         /* of an annotation */
} MetadataRoute;

typedef struct MetadataRegistration {
        char uuid[UUID_STRING_SIZE];
        char app[NAME_MAX + 1]; /* "": it is about the pod itself */
} MetadataRegistration;

bool metadata_token_is_valid(const char *s);

/* /TOKEN/acMetadata/v1/… -ENOENT if there is nothing at such a path. */
int metadata_route_parse(const char *path, MetadataRoute *ret);

/* /pods/UUID and /pods/UUID/APP. -ENOENT for other paths, -EINVAL if it is no UUID or no name of an app. */
int metadata_registration_parse(const char *path, MetadataRegistration *ret);
