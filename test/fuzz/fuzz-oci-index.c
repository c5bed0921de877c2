/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "oci-digest.h"
#include "oci-manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_oci_index_ OciIndex *index = NULL;
        _cleanup_free_ char *error = NULL;
        if (oci_index_parse("input", (const char *) data, size, &index, &error) < 0) {
                fuzz_assert(error && !index);
                return 0;
        }
        static const char *const variants[] = { NULL, "v6", "v7", "v8" };
        for (size_t i = 0; i < ELEMENTSOF(variants); i++) {
                const OciDescriptor *d = oci_index_select(index, "linux", "arm", variants[i]);
                fuzz_assert(!d || oci_digest_is_valid(d->digest));
                fuzz_assert(!d || !d->arch || streq(d->arch, "arm"));
        }
        _cleanup_free_ char *platforms = oci_index_platforms(index);
        fuzz_assert(*platforms);
        return 0;
}
