/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "registry-json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_string(data, size), *token = NULL, *error = NULL;
        if (registry_token_parse("input", text, size, &token, &error) >= 0)
                fuzz_assert(*token && strcspn(token, " \t\r\n") == strlen(token));
        else
                fuzz_assert(error);
        _cleanup_free_ char *errors = registry_errors_text(text, size);
        fuzz_assert(!errors || strcspn(errors, "\r\n\033") == strlen(errors));
        return 0;
}
