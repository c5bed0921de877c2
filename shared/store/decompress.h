/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Archives as they are fetched: plain, or compressed with gzip, bzip2, xz or zstd, told apart by their first
 * bytes. One layer of compression; checksums and lengths that the format has are verified, and nothing may
 * follow the compressed data. */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "macro.h"

typedef struct Decompressor Decompressor;

Decompressor *decompressor_new(int fd); /* fd is borrowed; read from where it stands, pipes too */
/* fd is a file that is still being written: at its end the next byte is waited for in the pipe follow, and
 * means that there is more; the end of the pipe, that now there is all of it. */
void decompressor_follow(Decompressor *d, int follow);
void decompressor_free(Decompressor *d);
DEFINE_CLEANUP(Decompressor *, decompressor_free)
#define _cleanup_decompressor_ _cleanup_(decompressor_freep)

/* Fills buffer as far as data goes: less than size only at the end, 0 behind it. A negative errno on
 * failure: -EBADMSG for data that is damaged or truncated. */
ssize_t decompressor_read(Decompressor *d, uint8_t *buffer, size_t size);

const char *decompressor_error(const Decompressor *d);  /* in words; NULL while all is well */
const char *decompressor_format(const Decompressor *d); /* "gzip", … or "tar" for plain ones */
uint64_t decompressor_consumed(const Decompressor *d);  /* compressed bytes read so far */
