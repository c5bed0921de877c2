/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Bytes on their way into the store: a file in DATA/cas/tmp that a download or a copy fills, and that others
 * can read while it grows. It is locked by who fills it. If that one is killed, or gives up, the file stays
 * if there is a validator, by which it can be told whether what is still missing belongs to it: who wants
 * the same next goes on with it, and after a day gc removes it. Functions log their failures. */

#include "store.h"

typedef struct Incoming Incoming;

/* Takes the file of key, a file name that stands for what comes, such as "sha256-…": with what is there
 * already, or empty. source is for messages. If somebody else is filling it, waits until that has ended
 * (whatever the outcome), or without wait returns -EWOULDBLOCK, not logged. -EINTR on a signal that is held
 * (import-signal.h). */
int incoming_open(Store *s, const char *key, const char *source, bool wait, Incoming **ret);
/* One of its own, that nobody goes on with. */
int incoming_new(Store *s, const char *source, Incoming **ret);
/* Keeps the file if it has a validator and something in it. Who follows must have ended. */
void incoming_free(Incoming *i);
DEFINE_CLEANUP(Incoming *, incoming_free)
#define _cleanup_incoming_ _cleanup_(incoming_freep)

uint64_t incoming_size(const Incoming *i);
const char *incoming_path(const Incoming *i); /* relative to DATA/cas; for what moves it in place */
/* To read from the beginning: a new descriptor, or -errno. */
int incoming_fd(Incoming *i);

/* What the server calls this content (http_headers_validator); NULL: nothing that could be relied on. */
const char *incoming_validator(const Incoming *i);
int incoming_set_validator(Incoming *i, const char *validator);

int incoming_append(Incoming *i, const void *data, size_t size);
/* All that comes from fd, a file or a pipe: by reflink, where the file system can. -EINTR. */
int incoming_copy(Incoming *i, int fd);
/* Empty again, without a validator: those who follow must have been ended. */
int incoming_restart(Incoming *i);

/* The reading end of a pipe for UnpackerLayer.follow, -1 if all is there, or another -errno. */
int incoming_follow(Incoming *i, int *ret);
int incoming_complete(Incoming *i); /* nothing more comes */

/* From now on hash what comes, and what is there already; "sha256:…" of all of it after incoming_complete.
 */
int incoming_want_digest(Incoming *i);
const char *incoming_digest(Incoming *i);

/* Synced and in place as a blob of the store. */
int incoming_commit_blob(Incoming *i, const char *id);
/* Somebody else has moved the file in place. */
void incoming_committed(Incoming *i);
/* The content is no good: nothing stays. */
void incoming_discard(Incoming *i);
