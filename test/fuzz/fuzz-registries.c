/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "registries.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *error = NULL;
        _cleanup_registries_ Registries *r = xnew(Registries, 1);
        if (registries_parse("file", (const char *) data, size, r, &error) < 0)
                fuzz_assert(error);
        for (size_t i = 0; i < r->n; i++) {
                const RegistryRule *rule = &r->rules[i];
                fuzz_assert(*rule->prefix && rule->source && (!rule->location || *rule->location));
                for (size_t j = 0; j < rule->n_mirrors; j++)
                        fuzz_assert(*rule->mirrors[j].location);
        }
        return 0;
}
