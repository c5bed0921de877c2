/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "oci-digest.h"
#include "oci-to-appc.h"
#include "strv.h"

#define DIGEST "sha256:800bc10a0c09074a25ecc3f7730169ddb1e71c9e56914d2072c4ac36f2096ea8"

/* Whatever a configuration says, what it is mapped to is a manifest that the rest of the program accepts. */
static void map(const OciConfig *config) {
        static const OciOrigin origin = { .name = "example.org/image", .tag = "latest" };
        OciManifest manifest = { .config.digest = (char *) DIGEST, .n_layers = config->n_diff_ids };
        manifest.layers = xnew(OciDescriptor, config->n_diff_ids + 1);
        for (size_t i = 0; i < config->n_diff_ids; i++)
                manifest.layers[i].digest = config->diff_ids[i];
        _cleanup_image_manifest_ ImageManifest *m = NULL, *again = NULL;
        _cleanup_strv_ char **warnings = NULL;
        _cleanup_free_ char *error = NULL;
        int r = oci_map_config(&origin, &manifest, config, &m, &warnings, &error);
        free(manifest.layers);
        if (r < 0) {
                fuzz_assert(error && !m);
                return;
        }
        _cleanup_free_ char *text = image_manifest_to_text(m, false);
        fuzz_assert(image_manifest_parse("output", text, strlen(text), &again, NULL) >= 0);
}

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
        map(config);
        return 0;
}
