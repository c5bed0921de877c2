/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What apps ask the metadata service, whoever can reach its port: the token in the path says which pod they
 * are of, and is all that they need. */

#include "metadata-http.h"
#include "metadata-state.h"

typedef struct MetadataPublic {
        int state;
        unsigned char key[METADATA_KEY_SIZE];
} MetadataPublic;

/* Both are borrowed by the service. */
void metadata_public_init(HttpService *ret, MetadataPublic *p);
