/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manifest-load.h"

#include <errno.h>

#include "alloc.h"
#include "file.h"
#include "option-json.h"
#include "types.h"

static int too_large(const char *name, char **ret_error) {
        option_fail(ret_error, "%s: larger than %zu bytes, the most that a manifest may have", name,
                        APPC_MANIFEST_MAX);
        return -EFBIG;
}

int manifest_parse(const char *name, const char *text, size_t size, JsonItemParser parse, void *ret,
                char **ret_error) {
        if (size > APPC_MANIFEST_MAX)
                return too_large(name, ret_error);
        _cleanup_json_context_ JsonContext c;
        int r = json_context_parse(&c, name, text, size);
        if (r >= 0)
                r = parse(&c, c.root, ret);
        if (r < 0 && ret_error)
                *ret_error = c.error ? TAKE_PTR(c.error) : xasprintf("%s: %s", name, strerror(-r));
        return r;
}

int manifest_load_at(int dirfd, const char *path, JsonItemParser parse, void *ret, char **ret_error) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = read_file_at(dirfd, path, APPC_MANIFEST_MAX, &text, &size);
        if (r == -EFBIG)
                return too_large(path, ret_error);
        if (r < 0) {
                option_fail(ret_error, "%s: %s", path, strerror(-r));
                return r;
        }
        return manifest_parse(path, text, size, parse, ret, ret_error);
}
