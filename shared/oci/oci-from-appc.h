/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The way back of oci-to-appc.h: the configuration of an OCI image with one layer, for an ACI that is given
 * to those who know no ACIs. */

#include "image-manifest.h"

/* What a configuration has no place for (isolators, event handlers) is told in *ret_warnings. -EINVAL with
 * *ret_error for what would mean something else (a user that is the owner of a file). Both allocated. */
int oci_config_from_image_manifest(const ImageManifest *m, const char *diff_id, char **ret_json,
                char ***ret_warnings, char **ret_error);
