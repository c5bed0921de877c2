/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "oci-digest.h"
#include "oci-manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_oci_manifest_ OciManifest *m = NULL;
        _cleanup_free_ char *error = NULL, *kind_error = NULL;
        OciDocumentKind kind;
        int of_kind = oci_document_kind("input", NULL, (const char *) data, size, &kind, &kind_error);
        if (oci_manifest_parse("input", (const char *) data, size, &m, &error) < 0) {
                fuzz_assert(error && !m);
                return 0;
        }
        fuzz_assert(of_kind >= 0 && kind == OCI_MANIFEST);
        fuzz_assert(m->n_layers <= OCI_LAYERS_MAX && m->config.size <= OCI_DOCUMENT_MAX);
        for (size_t i = 0; i < m->n_layers; i++) {
                _cleanup_free_ char *id = oci_digest_to_id(m->layers[i].digest);
                _cleanup_free_ char *digest = oci_digest_from_id(id);
                fuzz_assert(streq(digest, m->layers[i].digest));
                fuzz_assert(oci_layer_format(m->layers[i].media_type) >= OCI_LAYER_TAR);
        }
        return 0;
}
