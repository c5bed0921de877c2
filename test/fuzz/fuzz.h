/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A fuzz target: calls the parser with data, frees what it gives, and checks what must hold for every input
 * that is accepted (most often: written out and read again, it is the same). It returns 0, keeps no state,
 * writes no file, and prints nothing. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "macro.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property of the parser does not hold. */
#define fuzz_assert(condition)                                                                              \
        do {                                                                                                \
                if (!(condition)) {                                                                         \
                        fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);      \
                        abort();                                                                            \
                }                                                                                           \
        } while (0)

/* Inputs are bytes: parsers of strings get them up to the first NUL. Allocated to the byte, so that
 * AddressSanitizer sees a read past the end. */
static inline char *fuzz_string(const uint8_t *data, size_t size) {
        char *s = xmalloc(size + 1);
        if (size)
                memcpy(s, data, size);
        s[size] = 0;
        return s;
}
