/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "oci-config.h"
#include "oci-digest.h"
#include "strv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_oci_config_ OciConfig *config = NULL;
        _cleanup_free_ char *error = NULL;
        if (oci_config_parse("input", (const char *) data, size, &config, &error) < 0) {
                fuzz_assert(error && !config);
                return 0;
        }
        fuzz_assert(*config->os && *config->arch && config->n_diff_ids == strv_length(config->diff_ids));
        STRV_FOREACH (digest, config->diff_ids)
                fuzz_assert(oci_digest_is_valid(*digest));
        return 0;
}
