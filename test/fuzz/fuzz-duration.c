/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "duration.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *s = fuzz_string(data, size);
        int64_t ns, again;
        if (duration_parse(s, &ns) < 0)
                return 0;
        _cleanup_free_ char *text = duration_format(ns);
        fuzz_assert(duration_parse(text, &again) >= 0 && again == ns);
        return 0;
}
