/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One gzip member (RFC 1952), inflated as its bytes arrive. gunzip-isal.c or gunzip-zlib.c, as the build
 * chose. */

#include <stddef.h>
#include <stdint.h>

#include "macro.h"

typedef struct Gunzip Gunzip;

typedef struct GunzipBuffers {
        const uint8_t *in;
        size_t in_size;
        uint8_t *out;
        size_t out_size;
} GunzipBuffers;

Gunzip *gunzip_new(void);
void gunzip_free(Gunzip *g);
DEFINE_CLEANUP(Gunzip *, gunzip_free)

/* Moves b forward over what it took and gave. 1 when the member has ended, its checksum and length being
 * right; 0 when it wants more of in or out; -EBADMSG. */
int gunzip_step(Gunzip *g, GunzipBuffers *b);
void gunzip_restart(Gunzip *g); /* for the next member */
