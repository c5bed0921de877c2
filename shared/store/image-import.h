/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An image on its way into the store, in one pass over its bytes: they go to a temporary blob and, at the
 * same time, to rkt-unpack, which checks and hashes the archive and, for root, unpacks it. Nothing is to be
 * seen of it before image_import_commit, and nothing is left if that is not reached. */

#include "image-manifest.h"
#include "store.h"

typedef struct ImageImport ImageImport;

/* source is what the image comes from, for messages. Logs failures, as the others do.
 *
 * Until image_import_free, SIGINT, SIGTERM and SIGHUP do not end the process: functions fail with -EINTR,
 * and image_import_free then ends it as the signal would have, with nothing left behind (import-signal.h).
 */
int image_import_new(Store *s, const char *source, ImageImport **ret);
void image_import_free(ImageImport *i);
DEFINE_CLEANUP(ImageImport *, image_import_free)
#define _cleanup_image_import_ _cleanup_(image_import_freep)

/* The next bytes of the archive as it is fetched. */
int image_import_write(ImageImport *i, const void *data, size_t size);
/* All of them: descriptor fd from where it stands. */
int image_import_write_fd(ImageImport *i, int fd);

/* No more bytes: waits for the verdict. *ret_manifest and *ret_id are borrowed; either may be NULL. */
int image_import_finish(ImageImport *i, const ImageManifest **ret_manifest, const char **ret_id);

/* Puts it in place. latest: it was asked for by name, without a version. */
int image_import_commit(ImageImport *i, bool latest);
