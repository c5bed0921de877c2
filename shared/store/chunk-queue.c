/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "chunk-queue.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>

#include "alloc.h"

#define LEFT UINT64_MAX

typedef struct Chunk {
        uint8_t *data;
        size_t size;
} Chunk;

struct ChunkQueue {
        pthread_mutex_t mutex;
        pthread_cond_t filled, released;
        Chunk *chunks;
        size_t n_chunks, chunk_size;
        uint64_t produced; /* chunks filled so far */
        unsigned n_readers;
        struct {
                uint64_t done; /* chunks that it no longer needs */
                bool holds;    /* it is reading chunk number done */
        } readers[CHUNK_READERS_MAX];
        bool finished, cancelled;
        int error;
};

ChunkQueue *chunk_queue_new(size_t n_chunks, size_t chunk_size, unsigned n_readers) {
        assert(n_readers > 0 && n_readers <= CHUNK_READERS_MAX);
        ChunkQueue *q = xnew(ChunkQueue, 1);
        pthread_mutex_init(&q->mutex, NULL);
        pthread_cond_init(&q->filled, NULL);
        pthread_cond_init(&q->released, NULL);
        q->chunks = xnew(Chunk, n_chunks);
        q->n_chunks = n_chunks;
        q->chunk_size = chunk_size;
        q->n_readers = n_readers;
        return q;
}

void chunk_queue_free(ChunkQueue *q) {
        pthread_mutex_destroy(&q->mutex);
        pthread_cond_destroy(&q->filled);
        pthread_cond_destroy(&q->released);
        for (size_t i = 0; i < q->n_chunks; i++)
                free(q->chunks[i].data);
        free(q->chunks);
        free(q);
}

static uint64_t slowest(const ChunkQueue *q) {
        uint64_t done = LEFT;
        for (unsigned i = 0; i < q->n_readers; i++)
                done = MIN(done, q->readers[i].done);
        return done;
}

uint8_t *chunk_queue_reserve(ChunkQueue *q) {
        pthread_mutex_lock(&q->mutex);
        while (!q->cancelled && slowest(q) != LEFT && q->produced - slowest(q) == q->n_chunks)
                pthread_cond_wait(&q->released, &q->mutex);
        bool wanted = !q->cancelled && slowest(q) != LEFT;
        Chunk *c = &q->chunks[q->produced % q->n_chunks];
        pthread_mutex_unlock(&q->mutex);
        if (wanted && !c->data)
                c->data = xmalloc(q->chunk_size);
        return wanted ? c->data : NULL;
}

void chunk_queue_commit(ChunkQueue *q, size_t size) {
        assert(size <= q->chunk_size);
        pthread_mutex_lock(&q->mutex);
        q->chunks[q->produced % q->n_chunks].size = size;
        q->produced++;
        pthread_cond_broadcast(&q->filled);
        pthread_mutex_unlock(&q->mutex);
}

void chunk_queue_finish(ChunkQueue *q, int error) {
        pthread_mutex_lock(&q->mutex);
        q->finished = true;
        q->error = error;
        pthread_cond_broadcast(&q->filled);
        pthread_mutex_unlock(&q->mutex);
}

ssize_t chunk_queue_next(ChunkQueue *q, unsigned reader, const uint8_t **ret) {
        pthread_mutex_lock(&q->mutex);
        if (q->readers[reader].holds) {
                q->readers[reader].holds = false;
                q->readers[reader].done++;
                pthread_cond_signal(&q->released);
        }
        while (!q->cancelled && q->readers[reader].done == q->produced && !q->finished)
                pthread_cond_wait(&q->filled, &q->mutex);

        ssize_t r = q->cancelled ? -ECANCELED : q->error;
        if (!q->cancelled && q->readers[reader].done < q->produced) {
                const Chunk *c = &q->chunks[q->readers[reader].done % q->n_chunks];
                q->readers[reader].holds = true;
                *ret = c->data;
                r = c->size;
        }
        pthread_mutex_unlock(&q->mutex);
        return r;
}

void chunk_queue_leave(ChunkQueue *q, unsigned reader) {
        pthread_mutex_lock(&q->mutex);
        q->readers[reader].done = LEFT;
        q->readers[reader].holds = false;
        pthread_cond_signal(&q->released);
        pthread_mutex_unlock(&q->mutex);
}

void chunk_queue_cancel(ChunkQueue *q) {
        pthread_mutex_lock(&q->mutex);
        q->cancelled = true;
        pthread_cond_broadcast(&q->filled);
        pthread_cond_broadcast(&q->released);
        pthread_mutex_unlock(&q->mutex);
}
