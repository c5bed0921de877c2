/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "strv.h"

#include "alloc.h"

size_t strv_length(char *const *l) {
        size_t n = 0;
        STRV_FOREACH (s, l)
                n++;
        return n;
}

void strv_free(char **l) {
        STRV_FOREACH (s, l)
                free(*s);
        free(l);
}

char **strv_copy(char *const *l) {
        char **copy = xnew(char *, 1);
        strv_extend(&copy, l);
        return copy;
}

void strv_push(char ***l, char *value) {
        size_t n = strv_length(*l);
        *l = xreallocarray(*l, n + 2, sizeof(char *));
        (*l)[n] = value;
        (*l)[n + 1] = NULL;
}

void strv_add(char ***l, const char *value) {
        strv_push(l, xstrdup(value));
}

void strv_extend(char ***l, char *const *more) {
        size_t n = strv_length(*l), m = strv_length(more);
        *l = xreallocarray(*l, n + m + 1, sizeof(char *));
        for (size_t i = 0; i < m; i++)
                (*l)[n + i] = xstrdup(more[i]);
        (*l)[n + m] = NULL;
}

bool strv_contains(char *const *l, const char *s) {
        STRV_FOREACH (i, l)
                if (streq(*i, s))
                        return true;
        return false;
}

char **strv_split(const char *s, char separator) {
        size_t n = 1;
        for (const char *p = s; *p; p++)
                n += *p == separator;
        char **l = xnew(char *, n + 1);
        for (size_t i = 0; i < n; i++) {
                const char *e = strchrnul(s, separator);
                l[i] = xstrndup(s, e - s);
                s = e + 1;
        }
        return l;
}

int string_compare(const void *a, const void *b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

char *strv_join(char *const *l, const char *separator) {
        size_t total = 1;
        STRV_FOREACH (s, l)
                total += strlen(*s) + strlen(separator);
        char *joined = xcalloc(total, 1), *p = joined;
        STRV_FOREACH (s, l) {
                if (s != l)
                        p = stpcpy(p, separator);
                p = stpcpy(p, *s);
        }
        return joined;
}
