/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Libraries that few hosts or few calls need: loaded when they are, and not waited for at every start. */

#include <stddef.h>

typedef struct LibraryFunction {
        const char *name;
        void *to; /* the pointer to a function that it goes to */
} LibraryFunction;

/* Loads a library ("libfoo.so.1"), which stays until the process ends, and finds functions in it. prefix is
 * put in front of each name; "": none. -ELIBACC: the library is not there, or what it needs; -ELIBBAD: it has
 * not got one of the functions. *ret_error, if not NULL, gets the loader's words (allocated) then. */
int library_load(const char *file, const char *prefix, const LibraryFunction *functions, size_t n,
                char **ret_error);
