/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "alloc.h"
#include "network-list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = xstrndup((const char *) data, size), *error = NULL;
        _cleanup_network_list_ NetworkList l = {};
        char *values[] = { text, NULL };
        if (network_list_parse(values, &l, &error) < 0) {
                fuzz_assert(error);
                return 0;
        }
        fuzz_assert((l.n > 0) == !(l.host || l.none || l.all));
        for (size_t i = 0; i < l.n; i++)
                fuzz_assert(network_name_is_valid(l.items[i].name) &&
                                network_list_find(&l, l.items[i].name) == &l.items[i]);
        return 0;
}
