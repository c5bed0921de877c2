/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "subnet-env.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_string(data, size), *error = NULL;
        SubnetEnv e = {};
        if (subnet_env_parse(text, &e, &error) < 0) {
                fuzz_assert(error);
                return 0;
        }
        fuzz_assert(e.subnet4.address.family == AF_INET || e.subnet6.address.family == AF_INET6);
        IpAddress first = ip_prefix_first(&e.network4);
        fuzz_assert(!e.network4.address.family || ip_equal(&first, &e.network4.address));
        return 0;
}
