/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "own-init.h"

#include <errno.h>
#include <string.h>

#include "alloc.h"

int own_init_parse(const NameValueList *annotations, bool *ret, char **ret_error) {
        const char *value = name_values_get(annotations, OWN_INIT_ANNOTATION);
        *ret = value && streq(value, OWN_INIT_SYSTEMD);
        if (!value || *ret)
                return 0;
        *ret_error = xasprintf(
                        "annotation " OWN_INIT_ANNOTATION ": \"%s\": expected " OWN_INIT_SYSTEMD, value);
        return -EINVAL;
}

bool own_init_is_program(const char *path) {
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        return streq(name, "init") || streq(name, "systemd");
}
