/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "trust-policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *error = NULL;
        _cleanup_trust_rules_ TrustRules l = {};
        if (trust_rules_parse("file", (const char *) data, size, &l, &error) < 0)
                fuzz_assert(error);
        for (size_t i = 0; i < l.n; i++) {
                fuzz_assert(*l.items[i].prefix && l.items[i].source);
                if (l.items[i].prefix[0] != '*')
                        fuzz_assert(trust_rules_find(&l, l.items[i].prefix) == &l.items[i]);
        }
        return 0;
}
