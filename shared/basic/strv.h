/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* NULL-terminated arrays of strings. */

#include <stdbool.h>
#include <stddef.h>

#include "macro.h"

size_t strv_length(char *const *l); /* NULL counts as empty */
void strv_free(char **l);
char **strv_copy(char *const *l);
void strv_push(char ***l, char *value);      /* takes ownership of value */
void strv_add(char ***l, const char *value); /* copies */
void strv_extend(char ***l, char *const *more);
bool strv_contains(char *const *l, const char *s);
char **strv_split(const char *s, char separator); /* "" gives one empty string, as strings.Split */
char *strv_join(char *const *l, const char *separator);
int string_compare(const void *a, const void *b); /* for qsort(3) and bsearch(3), of pointers to strings */

DEFINE_CLEANUP(char **, strv_free)
#define _cleanup_strv_ _cleanup_(strv_freep)

#define STRV_FOREACH(s, l) for (char *const *s = (l); s && *s; s++)
