/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether an image is signed by a key that is trusted for it. An image counts as signed if at least one of
 * its signatures is good and made by a trusted key that is neither expired nor revoked, and none that a
 * trusted key has made is bad. */

#include <stddef.h>

#include "keystore.h"
#include "openpgp.h"

typedef struct SignatureCheck {
        Keystore keystore;
        const char *directory; /* for temporary files, as openpgp_new has it */
        const char *name;  /* of the image; NULL: not known yet, so that any trusted key may have signed */
        const char *image; /* what is verified, and what its signature is, for messages */
        const char *source;
        const void *signature; /* armored or binary */
        size_t size;
} SignatureCheck;

typedef struct Signers {
        PublicKey **keys;
        size_t n;
} Signers;

void signers_clear(Signers *s);
#define _cleanup_signers_ _cleanup_(signers_clear)

/* Before the image is downloaded: whether one of its signatures claims to be made by a key that could verify
 * it. -ENOKEY, which is not logged with may_be_unknown; -EKEYREVOKED, -EKEYEXPIRED; logs. */
int signature_check_issuer(const SignatureCheck *c, bool may_be_unknown);

/* All bytes of the file fd. *ret_signers are the keys that have made good signatures. Logs; -EBADMSG for a
 * bad signature, else as above. */
int signature_verify(const SignatureCheck *c, int fd, Signers *ret_signers);

/* For a check without a name, once that is known: whether one of the signers is trusted for it. -ENOKEY;
 * logs. */
int signature_check_name(const SignatureCheck *c, const char *name, const Signers *signers);

/* Tells who has signed. */
void signature_report(const Signers *signers);
