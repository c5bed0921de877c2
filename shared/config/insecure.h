/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* --insecure-options: the safeguards that the user turned off by name. */

typedef enum Insecure {
        INSECURE_IMAGE = 1 << 0,  /* no signature check */
        INSECURE_TLS = 1 << 1,    /* any certificate */
        INSECURE_ONDISK = 1 << 2, /* accepted for old scripts, without effect */
        INSECURE_HTTP = 1 << 3,   /* plain http for discovery, images, signatures, keys */
        INSECURE_PUBKEY = 1 << 4, /* keys over insecure transport */
        INSECURE_CAPABILITIES = 1 << 5,
        INSECURE_PATHS = 1 << 6,
        INSECURE_SECCOMP = 1 << 7,
} Insecure;

/* Parses a comma list, case-insensitively; replaces *ret. Logs and returns -EINVAL for an unknown value and
 * for one that stands twice. */
int insecure_parse(const char *list, unsigned *ret);
