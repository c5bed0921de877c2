/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image-arguments.h"

#include <errno.h>

#include "globals.h"
#include "image-find.h"
#include "log.h"
#include "strv.h"

void image_arguments_done(ImageArguments *a) {
        if (a->store)
                store_free(a->store);
        free(a->id);
        strv_free(a->arguments);
}

int image_find(Store *s, const char *reference, char **ret_id) {
        _cleanup_free_ char *error = NULL;
        int r = image_find_text(s, reference, ret_id, &error);
        if (r < 0)
                log_error("image \"%s\": %s", reference, error ?: strerror(-r));
        return r;
}

int image_arguments_several(const Command *c, int argc, char **argv, ImageArguments *ret) {
        int r = globals_command(c, argc, argv, &ret->arguments);
        if (r != 0)
                return r;
        if (strv_length(ret->arguments) == 0) {
                log_error("must provide at least one image: rkt %s %s", c->name, c->usage);
                return -EINVAL;
        }
        return store_open(globals.dir, &ret->store);
}

int image_arguments_none(const Command *c, int argc, char **argv, ImageArguments *ret) {
        int r = globals_command(c, argc, argv, &ret->arguments);
        if (r != 0)
                return r;
        if (ret->arguments[0]) {
                log_error("unexpected argument \"%s\": rkt %s takes none", ret->arguments[0], c->name);
                return -EINVAL;
        }
        return store_open(globals.dir, &ret->store);
}

int image_arguments(const Command *c, int argc, char **argv, size_t n, ImageArguments *ret) {
        int r = globals_command(c, argc, argv, &ret->arguments);
        if (r != 0)
                return r;
        if (strv_length(ret->arguments) != n) {
                log_error("expected %zu argument%s, got %zu: rkt %s %s", n, n == 1 ? "" : "s",
                                strv_length(ret->arguments), c->name, c->usage);
                return -EINVAL;
        }
        r = store_open(globals.dir, &ret->store);
        return r < 0 ? r : image_find(ret->store, ret->arguments[0], &ret->id);
}
