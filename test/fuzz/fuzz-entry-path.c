/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "entry-path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_string(data, size), *quoted = entry_path_quote(text);
        char normal[PATH_MAX], again[PATH_MAX];
        for (const char *p = quoted; *p; p++)
                fuzz_assert((unsigned char) *p >= ' ' && *p != 0x7f);
        if (entry_path_normalize(text, normal))
                return 0;
        fuzz_assert(normal[0] != '/' && !strstr(normal, "//") && !strstr(normal, "/../"));
        if (normal[0]) {
                fuzz_assert(!entry_path_normalize(normal, again));
                fuzz_assert(streq(normal, again));
        }
        entry_link_escapes(normal, text);
        return 0;
}
