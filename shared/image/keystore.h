/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The keys that images may be signed with: DIR/trustedkeys/root.d/FINGERPRINT for all images, and
 * DIR/trustedkeys/prefix.d/PREFIX/FINGERPRINT for those whose name is PREFIX or lies below it, in the
 * system's and in the local configuration directory. A file holds one public key, armored, and is named by
 * its fingerprint in lower case; an empty one takes the trust in that key back as far as it was given before
 * it, in the order system root, local root, system prefixes, local prefixes, parents first. */

#include <stddef.h>

#include "macro.h"

typedef struct Keystore {
        const char *system, *local; /* configuration directories; either may not exist */
} Keystore;

typedef struct TrustedKey {
        char *fingerprint;
        char *path;   /* of the file */
        char *prefix; /* "": root */
} TrustedKey;

typedef struct TrustedKeys {
        TrustedKey *items;
        size_t n;
} TrustedKeys;

void trusted_keys_clear(TrustedKeys *l);
#define _cleanup_trusted_keys_ _cleanup_(trusted_keys_clear)
const TrustedKey *trusted_keys_find(const TrustedKeys *l, const char *fingerprint);

/* Those that hold for an image of that name, which has to be an AC identifier. Log failures: a file that
 * does not belong there is one, so that no mask is overlooked. */
int keystore_load(const Keystore *k, const char *name, TrustedKeys *ret);
/* Those that hold for any name at all, each once. */
int keystore_load_all(const Keystore *k, TrustedKeys *ret);

/* Whether a key is trusted for a prefix that the name has; root keys do not count. Logs failures. */
int keystore_has_prefix(const Keystore *k, const char *name);

/* Whether name is prefix or lies below it. */
bool keystore_prefix_covers(const char *prefix, const char *name);

/* Writes a key to the local directory. prefix "": root. *ret_path (allocated) is where. Logs failures. */
int keystore_add(const Keystore *k, const char *prefix, const char *fingerprint, const char *key,
                size_t size, char **ret_path);
