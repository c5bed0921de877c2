/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "cache-control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_string(data, size);
        int64_t age = cache_control_max_age(text);
        fuzz_assert(age >= 0 && age <= INT32_MAX);
        return 0;
}
