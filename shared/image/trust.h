/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Coming to trust a key: it is fetched, shown to the user, and put into the keystore if the user says yes.
 */

#include <stdio.h>

#include "http.h"
#include "keystore.h"

typedef struct TrustRequest {
        Keystore keystore;
        const char *prefix;    /* of images' names; "": root */
        bool accept;           /* without review */
        bool accept_https;     /* the same for keys that come over https */
        FILE *out;             /* where keys are shown to the user */
        const char *directory; /* for temporary files, as openpgp_new has it */
        HttpClient *client;
        unsigned insecure; /* INSECURE_HTTP or INSECURE_PUBKEY: keys from http, too */
} TrustRequest;

/* Keys from files and from https or http URLs. That the user refuses one is no failure; that nobody can be
 * asked is -ENOTTY. Logs. */
int trust_keys(const TrustRequest *t, char *const *locations);

/* Those that discovery finds for the prefix. */
int trust_discover(const TrustRequest *t);
