/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For credentials.c: the files in auth.d. */

#include "credentials.h"
#include "kind-files.h"

typedef struct CredentialEntry {
        CredentialUse use;
        char *scope; /* credential-scope.h */
        Credential credential;
} CredentialEntry;

typedef struct CredentialList {
        CredentialEntry *entries;
        size_t n;
} CredentialList;

void credential_list_done(CredentialList *l);
CredentialEntry *credential_list_find(const CredentialList *l, CredentialUse use, const char *scope);

extern const KindDirectory credential_directory; /* userdata: CredentialList */
