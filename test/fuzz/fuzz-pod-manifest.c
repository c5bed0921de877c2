/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "pod-manifest.h"

/* Whatever order, spelling or kind its members have: what the short way gives is what the long way gives. */
static void check_names(const PodManifest *m, const char *text, size_t size) {
        _cleanup_pod_manifest_ PodManifest *names = NULL;
        fuzz_assert(pod_manifest_parse_names("input", text, size, &names, NULL) >= 0);
        fuzz_assert(streq(m->ac_version, names->ac_version) && m->n_apps == names->n_apps);
        for (size_t i = 0; i < m->n_apps; i++) {
                const RuntimeApp *a = &m->apps[i], *b = &names->apps[i];
                fuzz_assert(streq(a->name, b->name) && streq(a->image.id, b->image.id));
                fuzz_assert(streq_ptr(a->image.name, b->image.name));
                fuzz_assert(a->image.labels.n == b->image.labels.n);
                fuzz_assert(name_values_match(&a->image.labels, &b->image.labels));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_pod_manifest_ PodManifest *m = NULL, *again = NULL;
        _cleanup_free_ char *error = NULL;
        if (pod_manifest_parse("input", (const char *) data, size, &m, &error) < 0) {
                fuzz_assert(error && !m);
                pod_manifest_parse_names("input", (const char *) data, size, &m, NULL);
                return 0;
        }
        check_names(m, (const char *) data, size);
        _cleanup_free_ char *first = pod_manifest_to_text(m, size % 2);
        fuzz_assert(pod_manifest_parse("output", first, strlen(first), &again, NULL) >= 0);
        _cleanup_free_ char *second = pod_manifest_to_text(again, size % 2);
        fuzz_assert(streq(first, second));
        return 0;
}
