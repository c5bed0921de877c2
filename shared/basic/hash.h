/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)

/* FNV-1a, 64 bits: goes on from h, or from HASH_BEGIN, with the bytes of text. For what nobody forges. */
static inline uint64_t hash_text(uint64_t h, const char *text) {
        for (; *text; text++)
                h = (h ^ (uint8_t) *text) * UINT64_C(0x100000001b3);
        return h;
}
