/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One pass over a fetched archive: decompressing, hashing what comes out, and using it, each on a thread of
 * its own, so that the slowest of them decides how long it takes. */

#include "unpack.h"

#define ARCHIVE_DIGEST_SIZE 129 /* up to 128 hex digits, and NUL */

typedef enum ArchiveDigest {
        ARCHIVE_SHA512, /* of ACIs */
        ARCHIVE_SHA256, /* of layers: their diff IDs */
} ArchiveDigest;

typedef struct ArchivePass {
        int fd;     /* the archive, from where it stands; borrowed */
        int follow; /* as decompressor_follow has it; 0: no */
        int output; /* the uncompressed archive goes there; -1: nowhere */
        const UnpackLimits *limits;
        ArchiveDigest algorithm;
        bool unended; /* the blocks that end a tar archive may be missing */
        /* Uses the archive; returns < 0 on failure. NULL: nothing but the digest is wanted. Called on the
         * thread of archive_pass_run. */
        int (*use)(UnpackSource source, void *source_userdata, void *userdata);
        void *userdata;
        /* Called when use has failed, before waiting for the threads, which may be reading from somewhere
         * that gives nothing for a long time. May exit. May be NULL. */
        void (*on_failure)(int error, void *userdata);

        /* results */
        char digest[ARCHIVE_DIGEST_SIZE]; /* of the whole uncompressed archive, padding and all */
        uint64_t size, compressed_size;
        char *error; /* what is wrong with the archive as a stream; NULL: nothing */
} ArchivePass;

/* Returns what use returned (>= 0), or the first error. */
int archive_pass_run(ArchivePass *p);
void archive_pass_done(ArchivePass *p);
#define _cleanup_archive_pass_ _cleanup_(archive_pass_done)
