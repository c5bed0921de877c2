/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What was downloaded from where: DATA/cas/remote/KEY, one JSON object for each URL; the key is chosen by
 * who downloads, and the URL is in the file. */

#include <stdint.h>

#include "store.h"

typedef struct Remote {
        char *url;
        char *etag;      /* NULL: none was given */
        int64_t time;    /* when the server last said that this is the image; nanoseconds */
        int64_t max_age; /* seconds from then for which it need not be asked again */
        bool unverified; /* taken without its signature being verified */
        char *image_id;
} Remote;

void remote_free(Remote *r);
DEFINE_CLEANUP(Remote *, remote_free)
#define _cleanup_remote_ _cleanup_(remote_freep)

/* -ENOENT also if the record is of another URL, is broken, or its image has gone: then it is of no use. */
int remote_load(Store *s, const char *key, const char *url, Remote **ret);
int remote_save(Store *s, const char *key, const Remote *r);

/* Removes the records whose image is not in the store, and with id those of this image. The caller holds
 * store_lock_changes. */
int remote_sweep(Store *s, const char *id, size_t *ret_n);

int remote_parse(const char *name, const char *text, size_t size, Remote **ret);
char *remote_to_text(const Remote *r);
