/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "quantity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *s = fuzz_string(data, size);
        Quantity q, again;
        if (quantity_parse(s, &q) < 0)
                return 0;
        _cleanup_free_ char *text = quantity_format(q);
        fuzz_assert(quantity_parse(text, &again) >= 0);
        fuzz_assert(again.nano == q.nano);
        fuzz_assert((quantity_value(q) > 0) == (q.nano > 0));
        fuzz_assert((quantity_milli(q) > 0) == (q.nano > 0));
        _cleanup_free_ char *canonical = quantity_format(again);
        fuzz_assert(streq(text, canonical));
        return 0;
}
