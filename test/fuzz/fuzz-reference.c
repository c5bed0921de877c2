/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "cache-control.h"
#include "reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_string(data, size), *error = NULL;
        _cleanup_reference_ Reference r = {};
        if (reference_parse(text, &r, &error) >= 0)
                fuzz_assert(r.location && *r.location);
        else
                fuzz_assert(error);
        fuzz_assert(cache_control_max_age(text) >= 0);
        return 0;
}
