/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive-pass.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>

#include "alloc.h"
#include "chunk-queue.h"
#include "decompress.h"
#include "file.h"

#define CHUNK_SIZE    ((size_t) 256 * 1024)
#define N_CHUNKS      16
#define SIZE_OVERHEAD (UINT64_C(1) << 30) /* headers and padding, beyond the files' own size */
#define END_MARKER    1024                /* a tar archive ends with two blocks of zeros */

enum {
        READER_USE,
        READER_DIGEST,
        _READER_MAX,
};

typedef struct Pass {
        ArchivePass *p;
        ChunkQueue *queue;
        int producer_error; /* these are read once the threads have ended */
        int digest_error;
        uint64_t zeros; /* how many the archive ends with */
} Pass;

static int fail(Pass *pass, int error, const char *format, ...) _printf_(3, 4);
static int fail(Pass *pass, int error, const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        pass->p->error = xvasprintf(format, ap);
        va_end(ap);
        return -error;
}

static int check_limits(Pass *pass) {
        const UnpackLimits *limits = pass->p->limits;
        uint64_t size = pass->p->size, compressed = pass->p->compressed_size;
        if (size > limits->size && size - limits->size > SIZE_OVERHEAD)
                return fail(pass, EFBIG, "uncompressed, the archive is larger than the limit of %llu bytes",
                                (unsigned long long) limits->size);
        if (size > UNPACK_RATIO_FREE && (size - UNPACK_RATIO_FREE) / limits->ratio > compressed)
                return fail(pass, EFBIG,
                                "the archive looks like a compression bomb: %llu bytes expand to %llu and "
                                "more, and "
                                "the limit is 1 to %llu",
                                (unsigned long long) compressed, (unsigned long long) size,
                                (unsigned long long) limits->ratio);
        return 0;
}

static int produce_all(Pass *pass, Decompressor *d) {
        for (;;) {
                uint8_t *chunk = chunk_queue_reserve(pass->queue);
                if (!chunk)
                        return 0;
                ssize_t n = decompressor_read(d, chunk, CHUNK_SIZE);
                if (n < 0)
                        return fail(pass, -n, "%s", decompressor_error(d));
                pass->p->size += n;
                pass->p->compressed_size = decompressor_consumed(d);
                int r = check_limits(pass);
                if (r < 0)
                        return r;
                if (n == 0)
                        return 0;
                chunk_queue_commit(pass->queue, n);
        }
}

static void *produce(void *userdata) {
        Pass *pass = userdata;
        _cleanup_decompressor_ Decompressor *d = decompressor_new(pass->p->fd);
        if (pass->p->follow > 0)
                decompressor_follow(d, pass->p->follow);
        pass->producer_error = produce_all(pass, d);
        chunk_queue_finish(pass->queue, pass->producer_error);
        return NULL;
}

static void count_zeros(Pass *pass, const uint8_t *data, size_t size) {
        size_t n = 0;
        while (n < size && n < END_MARKER && data[size - n - 1] == 0)
                n++;
        pass->zeros = n == size ? pass->zeros + n : n;
}

static int digest_all(Pass *pass, EVP_MD_CTX *context) {
        const uint8_t *data;
        ssize_t n;
        EVP_DigestInit_ex(context, pass->p->algorithm == ARCHIVE_SHA256 ? EVP_sha256() : EVP_sha512(), NULL);
        while ((n = chunk_queue_next(pass->queue, READER_DIGEST, &data)) > 0) {
                EVP_DigestUpdate(context, data, n);
                count_zeros(pass, data, n);
                if (pass->p->output >= 0) {
                        int r = write_all(pass->p->output, data, n);
                        if (r < 0)
                                return r;
                }
        }
        if (n < 0)
                return 0; /* not this thread's error */

        uint8_t digest[EVP_MAX_MD_SIZE];
        unsigned size;
        EVP_DigestFinal_ex(context, digest, &size);
        for (size_t i = 0; i < size; i++)
                snprintf(pass->p->digest + 2 * i, 3, "%02x", digest[i]);
        return 0;
}

static void *make_digest(void *userdata) {
        Pass *pass = userdata;
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        pass->digest_error = context ? digest_all(pass, context) : -ENOMEM;
        EVP_MD_CTX_free(context);
        if (pass->digest_error < 0)
                chunk_queue_cancel(pass->queue);
        return NULL;
}

static ssize_t give(void *userdata, const uint8_t **ret) {
        Pass *pass = userdata;
        return chunk_queue_next(pass->queue, READER_USE, ret);
}

/* What use did not read is still read and hashed: the digest is of the whole archive. */
static int use_archive(Pass *pass) {
        int r = pass->p->use ? pass->p->use(give, pass, pass->p->userdata) : 0;
        if (r >= 0) {
                chunk_queue_leave(pass->queue, READER_USE);
                return r;
        }
        chunk_queue_cancel(pass->queue);
        if (pass->p->on_failure)
                pass->p->on_failure(r, pass->p->userdata);
        return r;
}

static int judge(Pass *pass, int use_result) {
        if (pass->producer_error < 0)
                return pass->producer_error;
        if (pass->digest_error < 0)
                return fail(pass, -pass->digest_error, "cannot write the uncompressed archive: %s",
                                strerror(-pass->digest_error));
        if (use_result < 0)
                return use_result;
        if (pass->zeros < END_MARKER && !pass->p->unended)
                return fail(pass, EBADMSG,
                                "the archive is truncated: the two blocks of zeros that end a tar archive "
                                "are missing");
        return use_result;
}

int archive_pass_run(ArchivePass *p) {
        _cleanup_chunk_queue_ ChunkQueue *queue = chunk_queue_new(N_CHUNKS, CHUNK_SIZE, _READER_MAX);
        Pass pass = { .p = p, .queue = queue };
        pthread_t producer, digester;
        int r = -pthread_create(&producer, NULL, produce, &pass);
        if (r < 0)
                return r;
        r = -pthread_create(&digester, NULL, make_digest, &pass);
        if (r < 0) {
                chunk_queue_cancel(queue);
                pthread_join(producer, NULL);
                return r;
        }
        r = use_archive(&pass);
        pthread_join(digester, NULL);
        pthread_join(producer, NULL);
        return judge(&pass, r);
}

void archive_pass_done(ArchivePass *p) {
        free(p->error);
        p->error = NULL;
}
