/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Image configurations: OCI image specification 1.1 (config.md), which Docker's extend. Errors as in
 * oci-manifest.h; members that are not known are ignored. */

#include <stdbool.h>
#include <stddef.h>

#include "macro.h"
#include "name-value.h"

#define OCI_ENVIRONMENT_MAX 10000
#define OCI_PORTS_MAX       1000 /* and volumes */

typedef struct OciConfig {
        char *os, *arch; /* Go's names */
        char *variant;   /* from here on, NULL: not said */
        char *created, *author, *comment;
        char *user; /* NAME or NUMBER, each maybe with :GROUP */
        char *working_directory, *stop_signal;
        char **environment; /* NAME=VALUE, unchecked */
        char **entrypoint, **command;
        char **exposed_ports; /* PORT[-PORT][/PROTOCOL], unchecked */
        char **volumes;       /* paths, unchecked */
        NameValueList labels;
        char **diff_ids; /* valid digests of the uncompressed layers, bottom first; never NULL */
        size_t n_diff_ids;
} OciConfig;

void oci_config_free(OciConfig *c);
DEFINE_CLEANUP(OciConfig *, oci_config_free)
#define _cleanup_oci_config_ _cleanup_(oci_config_freep)

int oci_config_parse(const char *name, const char *text, size_t size, OciConfig **ret, char **ret_error);
