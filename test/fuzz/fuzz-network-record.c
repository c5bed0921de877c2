/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "alloc.h"
#include "network-record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *error = NULL;
        _cleanup_network_record_ NetworkRecord r = {};
        if (network_record_parse("file", (const char *) data, size, &r, &error) < 0) {
                fuzz_assert(error);
                return 0;
        }
        fuzz_assert(r.ifname && r.network.n_plugins > 0);
        _cleanup_free_ char *text = network_record_print(&r);
        _cleanup_network_record_ NetworkRecord again = {};
        fuzz_assert(network_record_parse("again", text, strlen(text), &again, &error) >= 0);
        fuzz_assert(streq(again.ifname, r.ifname) && !again.result == !r.result);
        return 0;
}
