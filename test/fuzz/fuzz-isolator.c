/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "alloc.h"
#include "isolator.h"

/* What the command line can say of isolators: whatever is taken can be written and read again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *s = fuzz_string(data, size);
        _cleanup_isolators_ IsolatorList l = {}, again = {};
        char *errors[3] = {};
        fuzz_assert(isolators_set_option(&l, s, &errors[0]) >= 0 || errors[0]);
        fuzz_assert(isolators_set_seccomp(&l, s, &errors[1]) >= 0 || errors[1]);
        fuzz_assert(isolators_set_resource(&l, ISOLATOR_MEMORY_HIGH, NULL, s, &errors[2]) >= 0 || errors[2]);
        for (size_t i = 0; i < l.n; i++) {
                char *error = NULL;
                fuzz_assert(isolators_set(&again, l.items[i].name, l.items[i].value, &error) >= 0);
        }
        fuzz_assert(again.n == l.n);
        for (size_t i = 0; i < 3; i++)
                free(errors[i]);
        return 0;
}
