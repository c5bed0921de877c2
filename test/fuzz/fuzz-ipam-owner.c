/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "alloc.h"
#include "ipam-store.h"

/* The file of a lease of host-local, which the reference plugin may have written, or anybody. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_string(data, size);
        IpamOwner o;
        ipam_owner_parse(text, size, &o);
        size_t n = strlen(o.container_id);
        fuzz_assert(o.container_id == text && n <= size && !strpbrk(o.container_id, "\r\n"));
        fuzz_assert(!o.ifname || (o.ifname > text + n && o.ifname <= text + size));
        fuzz_assert(!o.ifname || (*o.ifname != '\r' && *o.ifname != '\n'));
        return 0;
}
