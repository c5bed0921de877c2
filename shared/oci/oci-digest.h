/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Digests as the OCI image specification writes them ("sha256:HEX"), and as the store does ("sha256-HEX").
 * Of the registered algorithms only sha256 is supported. */

#include <stdbool.h>

#include "macro.h"

#define OCI_DIGEST_HEX 64 /* digits */
#define OCI_DIGEST_MAX (sizeof("sha256:") + OCI_DIGEST_HEX)

bool oci_digest_is_valid(const char *digest);
/* What is wrong with it, for messages ("\"…\" …" goes in front); NULL if nothing. */
const char *oci_digest_problem(const char *digest);
const char *oci_digest_hex(const char *digest); /* the digits of a valid digest */
char *oci_digest_to_id(const char *digest);     /* of a valid one; allocated */
char *oci_digest_from_id(const char *id);       /* NULL if the id is not a whole sha256 one */
char *oci_digest_from_hash(const void *sha256); /* from 32 bytes */
