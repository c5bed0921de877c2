/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Image configurations: OCI image specification 1.1 (config.md), which Docker's extend. Errors as in
 * oci-manifest.h; members that are not known are ignored. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "macro.h"
#include "name-value.h"

#define OCI_ENVIRONMENT_MAX 10000
#define OCI_PORTS_MAX       1000 /* and volumes */

/* Docker's; the specification has none, but images of both kinds do. 0: not said. */
typedef struct OciHealth {
        char **test;                                             /* NULL: not said */
        int64_t interval, timeout, start_period, start_interval; /* ns */
        int64_t retries;
} OciHealth;

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
        char **shell; /* of commands that are one line */
        OciHealth health;
        char **diff_ids; /* valid digests of the uncompressed layers, bottom first; never NULL */
        size_t n_diff_ids;
} OciConfig;

void oci_config_free(OciConfig *c);
DEFINE_CLEANUP(OciConfig *, oci_config_free)
#define _cleanup_oci_config_ _cleanup_(oci_config_freep)

int oci_config_parse(const char *name, const char *text, size_t size, OciConfig **ret, char **ret_error);
