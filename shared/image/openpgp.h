/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* OpenPGP through gpgme and gpg, with a home directory that is made for the purpose: the keys of whoever
 * runs the program play no part, nothing is written beside them, and no agent is started. Between
 * openpgp_new and openpgp_free, which are to be close together, SIGINT, SIGTERM and SIGHUP wait, so that the
 * directory does not stay behind. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "macro.h"

/* Largest file of keys, and largest signature, that is looked at; bytes. */
#define OPENPGP_KEYS_MAX      ((size_t) 1024 * 1024)
#define OPENPGP_SIGNATURE_MAX ((size_t) 64 * 1024)

typedef struct OpenPgp OpenPgp;

/* The home directory is made in `directory`, and locked there as temporary_file does; NULL: in TMPDIR or
 * /tmp. Logs failures. */
int openpgp_new(const char *directory, OpenPgp **ret);
void openpgp_free(OpenPgp *o);
DEFINE_CLEANUP(OpenPgp *, openpgp_free)
#define _cleanup_openpgp_ _cleanup_(openpgp_freep)

typedef struct PublicKey {
        char *fingerprint; /* of the primary key, in lower case */
        char **subkeys;    /* fingerprints: strv */
        char **identities; /* strv; safe to be shown on a terminal */
        bool expired, revoked, unusable;
        int64_t expires; /* seconds since the epoch; 0: never */
} PublicKey;

void public_key_free(PublicKey *k);
DEFINE_CLEANUP(PublicKey *, public_key_free)
#define _cleanup_public_key_ _cleanup_(public_key_freep)

/* Takes the keys of a file, armored or binary. *ret_fingerprints (strv) are those of the primary keys. Logs
 * failures with what the file is: -EKEYREJECTED if there are secret keys in it, -ENOKEY if there are none.
 */
int openpgp_import(OpenPgp *o, const char *source, const void *data, size_t size, char ***ret_fingerprints);

/* By the fingerprint or the ID of a primary key or of a subkey. -ENOKEY, which is not logged. */
int openpgp_find(OpenPgp *o, const char *fingerprint, PublicKey **ret);

/* The public key alone, armored. Logs failures. */
int openpgp_export(OpenPgp *o, const char *fingerprint, char **ret, size_t *ret_size);

typedef enum SignatureState {
        SIGNATURE_GOOD,
        SIGNATURE_BAD, /* not of these bytes */
        SIGNATURE_EXPIRED,
        SIGNATURE_KEY_EXPIRED,
        SIGNATURE_KEY_REVOKED,
        SIGNATURE_KEY_MISSING,
        SIGNATURE_UNUSABLE, /* an algorithm that gpg does not take, … */
} SignatureState;

typedef struct Signature {
        SignatureState state;
        char *issuer;        /* fingerprint or ID of the key that signed, as far as known; lower case */
        PublicKey *key;      /* NULL: not among those that were imported */
        const char *problem; /* of SIGNATURE_UNUSABLE, in gpg's words */
        int64_t expires;     /* the signature; seconds since the epoch, 0: never */
} Signature;

typedef struct SignatureList {
        Signature *items;
        size_t n;
} SignatureList;

void signatures_clear(SignatureList *l);
#define _cleanup_signatures_ _cleanup_(signatures_clear)

/* What a detached signature, armored or binary, says of all bytes of the file fd, from its beginning; -1: of
 * none, which tells who has signed. -EBADMSG without a signature in it. Logs failures; what the signatures
 * are like is no failure. */
int openpgp_verify(
                OpenPgp *o, const char *source, const void *data, size_t size, int fd, SignatureList *ret);
