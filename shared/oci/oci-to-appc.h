/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The appc image manifest that an OCI image maps to, so that everything behind the store knows one kind of
 * image only (as docker2aci did, and the image specification's conversion.md). */

#include "image-manifest.h"
#include "oci-config.h"
#include "oci-manifest.h"

/* Where an image comes from. All but name may be NULL. */
typedef struct OciOrigin {
        const char *name;            /* as users say it, without tag: "docker.io/library/redis" */
        const char *tag;             /* label "version" */
        const char *original;        /* the reference as it was given */
        const char *registry;        /* host that it was fetched from */
        const char *repository;      /* there */
        const char *manifest_digest; /* "sha256:…" */
} OciOrigin;

/* The name of the image under appc: ':' becomes '-', and what else is not allowed is replaced. NULL if
 * nothing is left. */
char *oci_image_name(const char *name);

/* The layers of the two documents must correspond. What appc has no way to say (variables without a name,
 * odd ports) is left out and told in *ret_warnings. -EINVAL with *ret_error. */
int oci_map_config(const OciOrigin *origin, const OciManifest *manifest, const OciConfig *config,
                ImageManifest **ret, char ***ret_warnings, char **ret_error);

/* The same as JSON, with the warnings logged. */
int oci_to_image_manifest(const OciOrigin *origin, const OciManifest *manifest, const OciConfig *config,
                char **ret_json, char **ret_error);
