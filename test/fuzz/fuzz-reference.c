/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "reference.h"

/* Printed and read again, it is the same image. */
static void check_printed(const Reference *r, char *text) {
        _cleanup_free_ char *printed = text, *error = NULL;
        _cleanup_reference_ Reference again = {};
        if (!printed)
                return;
        fuzz_assert(reference_parse(printed, &again, &error) >= 0);
        fuzz_assert(reference_equal(r, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_string(data, size), *error = NULL;
        _cleanup_reference_ Reference r = {};
        if (reference_parse(text, &r, &error) >= 0) {
                fuzz_assert(r.location && *r.location);
                fuzz_assert(r.kind != REFERENCE_REGISTRY ||
                                (*r.host && *r.repository && (r.tag || r.digest)));
                check_printed(&r, reference_to_text(&r));
                check_printed(&r, reference_to_cimd(&r));
        } else
                fuzz_assert(error);
        return 0;
}
