/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "alloc.h"

#include "log.h"

static _noreturn_ void out_of_memory(void) {
        log_error("out of memory");
        _exit(EXIT_RKT_FAILURE);
}

void *xmalloc(size_t size) {
        void *p = malloc(size ? size : 1);
        if (!p)
                out_of_memory();
        return p;
}

void *xcalloc(size_t n, size_t size) {
        void *p = calloc(n ? n : 1, size ? size : 1);
        if (!p)
                out_of_memory();
        return p;
}

void *xreallocarray(void *p, size_t n, size_t size) {
        void *q = reallocarray(p, n ? n : 1, size ? size : 1);
        if (!q)
                out_of_memory();
        return q;
}

char *xstrdup(const char *s) {
        return s ? xstrndup(s, strlen(s)) : NULL;
}

char *xstrndup(const char *s, size_t n) {
        n = strnlen(s, n);
        char *p = xmalloc(n + 1);
        memcpy(p, s, n);
        p[n] = 0;
        return p;
}

char *xvasprintf(const char *format, va_list ap) {
        char *p;
        if (vasprintf(&p, format, ap) < 0)
                out_of_memory();
        return p;
}

char *xasprintf(const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        char *p = xvasprintf(format, ap);
        va_end(ap);
        return p;
}
