/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "ipam.h"

/* Neither of these two touches a file. */
static void try_version(const uint8_t *data, size_t size, CniVersion version) {
        CniCall c = { .container_id = "c", .ifname = "eth0", .version = version, .network = "n" };
        CniResult result = {};
        if (json_context_parse(&c.conf, "input", (const char *) data, size) >= 0 &&
                        json_object_is_type(c.conf.root, json_type_object)) {
                if (ipam_host_local.status(&c) < 0)
                        fuzz_assert(c.error.message && c.error.code);
                json_context_done(&c.conf);
                cni_error_done(&c.error);
                fuzz_assert(json_context_parse(&c.conf, "input", (const char *) data, size) >= 0);
                if (ipam_static.add(&c, &result) < 0)
                        fuzz_assert(c.error.message && c.error.code);
                for (size_t i = 0; i < result.n_ips; i++)
                        fuzz_assert(result.ips[i].interface == -1);
        }
        cni_result_done(&result);
        cni_error_done(&c.error);
        json_context_done(&c.conf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        try_version(data, size, CNI_0_2_0);
        try_version(data, size, CNI_1_1_0);
        return 0;
}
