/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A stream of bytes from one thread to several, each of which reads all of it, in bounded memory: a ring of
 * buffers that the producer fills in place and the readers use in place. */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "macro.h"

#define CHUNK_READERS_MAX 2

typedef struct ChunkQueue ChunkQueue;

ChunkQueue *chunk_queue_new(size_t n_chunks, size_t chunk_size, unsigned n_readers);
void chunk_queue_free(ChunkQueue *q); /* nobody may be using it any more */
DEFINE_CLEANUP(ChunkQueue *, chunk_queue_free)
#define _cleanup_chunk_queue_ _cleanup_(chunk_queue_freep)

/* The next buffer to fill, once it is free; NULL when no reader is left. */
uint8_t *chunk_queue_reserve(ChunkQueue *q);
void chunk_queue_commit(ChunkQueue *q, size_t size);
/* No more data: readers see the end (error 0), or the error once they have read what was before it. */
void chunk_queue_finish(ChunkQueue *q, int error);

/* Releases what this reader got last and waits for more: its size, 0 at the end, or the producer's error. */
ssize_t chunk_queue_next(ChunkQueue *q, unsigned reader, const uint8_t **ret);
/* This reader wants no more; the others go on. */
void chunk_queue_leave(ChunkQueue *q, unsigned reader);
/* Ends it for all of them: readers get -ECANCELED. */
void chunk_queue_cancel(ChunkQueue *q);
