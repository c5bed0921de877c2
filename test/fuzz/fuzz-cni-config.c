/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "alloc.h"
#include "cni-config.h"
#include "network-list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *error = NULL, *again_error = NULL;
        _cleanup_cni_network_ CniNetwork n = {}, again = {};
        if (cni_network_parse("file", (const char *) data, size, &n, &error) < 0) {
                fuzz_assert(error);
                return 0;
        }
        fuzz_assert(network_name_is_valid(n.name) && n.n_plugins > 0 && n.version < _CNI_VERSION_MAX);
        for (size_t i = 0; i < n.n_plugins; i++)
                fuzz_assert(*n.plugins[i].type && !strchr(n.plugins[i].type, '/'));
        /* what pods are recorded with is the same network */
        _cleanup_json_ json_object *o = cni_network_to_json(&n);
        _cleanup_free_ char *text = json_to_text(o, false);
        fuzz_assert(cni_network_parse("again", text, strlen(text), &again, &again_error) >= 0);
        fuzz_assert(streq(again.name, n.name) && again.n_plugins == n.n_plugins &&
                        again.version == n.version);
        return 0;
}
