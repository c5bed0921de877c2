/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image-find.h"

#include <errno.h>

#include "alloc.h"
#include "image-lookup.h"
#include "option-json.h"
#include "store-reference.h"

int image_find_reference(Store *s, const Reference *reference, char **ret_id, char **ret_error) {
        switch (reference->kind) {
        case REFERENCE_ID:
        case REFERENCE_NAME: return store_resolve(s, reference->location, ret_id, ret_error);
        case REFERENCE_REGISTRY: break;
        default:
                return option_fail(ret_error, "expected an ID or a name, as this only looks into the store");
        }
        int r = store_reference_find(s, reference->location, ret_id);
        if (r == -ENOENT)
                *ret_error = xasprintf("no image in the store is known as %s", reference->location);
        return r;
}

/* Whether it can be nothing but a reference, which then need not be guessed. */
static bool is_reference(const char *text) {
        return startswith(text, "docker:") || startswith(text, "oci://") || startswith(text, "cimd:");
}

int image_find_text(Store *s, const char *text, char **ret_id, char **ret_error) {
        _cleanup_reference_ Reference reference = {};
        _cleanup_free_ char *error = NULL;
        if (is_reference(text)) {
                int r = reference_parse(text, &reference, ret_error);
                return r < 0 ? r : image_find_reference(s, &reference, ret_id, ret_error);
        }
        int r = store_resolve(s, text, ret_id, &error);
        if ((r == -ENOENT || r == -EINVAL) && reference_parse_registry(text, &reference, NULL) >= 0 &&
                        store_reference_find(s, reference.location, ret_id) >= 0)
                return 0;
        *ret_error = TAKE_PTR(error);
        return r;
}
