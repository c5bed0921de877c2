/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "library.h"

#include <dlfcn.h>
#include <errno.h>

#include "alloc.h"

static int fail(int error, char **ret_error) {
        const char *why = dlerror();
        if (ret_error)
                *ret_error = xstrdup(why ?: "it has a function that is nowhere");
        return error;
}

int library_load(const char *file, const char *prefix, const LibraryFunction *functions, size_t n,
                char **ret_error) {
        void *library = dlopen(file, RTLD_NOW | RTLD_NODELETE);
        if (!library)
                return fail(-ELIBACC, ret_error);
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *name = xasprintf("%s%s", prefix, functions[i].name);
                void *function = dlsym(library, name);
                if (!function)
                        return fail(-ELIBBAD, ret_error);
                memcpy(functions[i].to, &function, sizeof(function));
        }
        return 0;
}
