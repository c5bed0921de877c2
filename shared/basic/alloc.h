/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Allocation that cannot fail: the program ends with status 254 and a message instead. Sizes that come
 * from outside are limited by the parsers, so running out here means that the host is out of memory. */

#include <stdarg.h>
#include <stddef.h>

#include "macro.h"

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s); /* NULL gives NULL */
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *format, ...) _printf_(1, 2);
char *xvasprintf(const char *format, va_list ap) _printf_(1, 0);

#define xnew(type, n) ((type *) xcalloc((n), sizeof(type)))

/* Makes room for one more element of *array, of which n are used (grows by doubling at powers of two). */
#define xgrow(array, n)                                                                                     \
        ({                                                                                                  \
                size_t _n = (n);                                                                            \
                if ((_n & (_n - 1)) == 0)                                                                   \
                        *(array) = xreallocarray(*(array), _n ? _n * 2 : 1, sizeof(**(array)));             \
        })
