/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An ACI on its way into the store: rkt-unpack reads its bytes while they come, checks and hashes the
 * archive and, for root, unpacks it. Nothing is to be seen of it before image_import_commit, and nothing is
 * left if that is not reached. The bytes themselves are the business of whoever fetches them. */

#include "image-manifest.h"
#include "store.h"

typedef struct ImageImport ImageImport;

typedef struct ImageImportRequest {
        const char *source; /* what the image comes from, for messages */
        int fd, follow;     /* as in UnpackerLayer; borrowed until image_import_start returns */
        const char *blob;   /* the temporary file that is behind fd, relative to DATA/cas; when the image is
                             * put in place, it becomes the blob. NULL: it is the blob already */
} ImageImportRequest;

/* Logs failures, as the others do.
 *
 * Until image_import_free, SIGINT, SIGTERM and SIGHUP do not end the process: functions fail with -EINTR,
 * and image_import_free then ends it as the signal would have, with nothing left behind (import-signal.h).
 */
int image_import_start(Store *s, const ImageImportRequest *request, ImageImport **ret);
void image_import_free(ImageImport *i);
DEFINE_CLEANUP(ImageImport *, image_import_free)
#define _cleanup_image_import_ _cleanup_(image_import_freep)

/* Readable when rkt-unpack has ended: before all bytes have come, this means that it refuses them; borrowed.
 */
int image_import_pollfd(const ImageImport *i);

/* Waits for the verdict. *ret_manifest and *ret_id are borrowed; either may be NULL. */
int image_import_finish(ImageImport *i, const ImageManifest **ret_manifest, const char **ret_id);

/* Puts it in place. latest: it was asked for by name, without a version. */
int image_import_commit(ImageImport *i, bool latest);
