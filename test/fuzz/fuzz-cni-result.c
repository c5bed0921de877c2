/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "cni-result.h"

static void try_error(const char *text, size_t size) {
        _cleanup_cni_error_ CniError e = {}, again = {};
        _cleanup_free_ char *message = NULL;
        if (cni_error_parse(text, size, &e, &message) < 0) {
                fuzz_assert(message);
                return;
        }
        _cleanup_free_ char *first = cni_error_print(CNI_1_1_0, &e);
        fuzz_assert(cni_error_parse(first, strlen(first), &again, NULL) >= 0);
        fuzz_assert(again.code == e.code && streq(again.message, e.message));
}

/* What is written in a version and read again is written the same. */
static void try_version(const CniResult *r, CniVersion v) {
        _cleanup_cni_result_ CniResult again = {};
        _cleanup_free_ char *first = NULL, *second = NULL;
        if (cni_result_print(r, v, &first) < 0) {
                fuzz_assert(r->n_ips == 0 && v < CNI_0_3_0);
                return;
        }
        fuzz_assert(cni_result_parse("again", first, strlen(first), v, &again, NULL) >= 0);
        fuzz_assert(again.version == v);
        fuzz_assert(cni_result_print(&again, v, &second) >= 0);
        fuzz_assert(streq(first, second));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const CniVersion unsaid[] = { CNI_0_1_0, CNI_1_1_0 };
        const char *text = (const char *) data;
        try_error(text, size);
        for (size_t i = 0; i < ELEMENTSOF(unsaid); i++) {
                _cleanup_cni_result_ CniResult r = {};
                _cleanup_free_ char *error = NULL;
                if (cni_result_parse("input", text, size, unsaid[i], &r, &error) < 0) {
                        fuzz_assert(error && !r.n_interfaces && !r.n_ips);
                        continue;
                }
                for (CniVersion v = 0; v < _CNI_VERSION_MAX; v++)
                        try_version(&r, v);
        }
        return 0;
}
