/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "pod-manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_pod_manifest_ PodManifest *m = NULL, *again = NULL;
        _cleanup_free_ char *error = NULL;
        if (pod_manifest_parse("input", (const char *) data, size, &m, &error) < 0) {
                fuzz_assert(error && !m);
                return 0;
        }
        _cleanup_free_ char *first = pod_manifest_to_text(m, size % 2);
        fuzz_assert(pod_manifest_parse("output", first, strlen(first), &again, NULL) >= 0);
        _cleanup_free_ char *second = pod_manifest_to_text(again, size % 2);
        fuzz_assert(streq(first, second));
        return 0;
}
