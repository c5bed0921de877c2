/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What an ACI has to pass before it is in the store: it is signed by a key that is trusted for its name, and
 * it is what was asked for. The signature is fetched, and its issuer looked at, before the image is
 * downloaded, and verified before anything looks into the image.
 *
 * When an image is asked for by its name, the keys for that name are the ones that count. When it comes from
 * a file or a URL, its name stands in it, where nobody may look yet: then any trusted key may have signed,
 * and once the name is known, whether that key is trusted for it is checked. */

#include <stdint.h>

#include "fetch.h"
#include "signature.h"

typedef struct ArchiveCheck {
        Store *store;
        const FetchOptions *options;
        const char *source;        /* path of the image, or its URL as it may be shown */
        const char *signature_url; /* NULL: a file, options->signature or the one beside the image */
        const char *name;          /* what was asked for; NULL: whatever it is */
        const NameValueList *labels;
        const char *id; /* its hash, as another manifest has it; NULL: any */
        uint64_t size;  /* in bytes; 0: any */

        /* What has been found out; zero at first. */
        bool needs_signature;
        char *signature;
        size_t signature_size;
        bool deferred;
        Signers signers;
} ArchiveCheck;

/* What is to be handed to fetch_url and archive_import_file; valid as long as c is. -EPERM if such images
 * are rejected by the configuration; logs. */
int archive_check_begin(ArchiveCheck *c, FetchChecks *ret);
void archive_check_done(ArchiveCheck *c);
#define _cleanup_archive_check_ _cleanup_(archive_check_done)

/* Whether a manifest is of the image that was asked for by that name: all labels must be the same; operating
 * system and architecture, where they were not asked for, must be this machine's if they are said. Logs;
 * -EINVAL. */
int archive_check_manifest(
                const char *source, const ImageManifest *m, const char *name, const NameValueList *labels);
