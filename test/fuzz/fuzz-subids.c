/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "user-range.h"

/* The host's /etc/subuid; also the range that stage1 is given. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const IdRange whole = { 0, UINT32_MAX }, part = { USER_RANGE_FIRST, USER_RANGE_COUNT };
        fuzz_assert(!subids_overlap((const char *) data, size, part) ||
                        subids_overlap((const char *) data, size, whole));

        _cleanup_free_ char *s = fuzz_string(data, size);
        IdRange range;
        if (id_range_parse(s, &range) >= 0) {
                fuzz_assert(range.count > 0 && (uint64_t) range.shift + range.count <= UINT32_MAX);
                fuzz_assert(id_range_overlaps(range, range.shift + range.count - 1, 1));
                fuzz_assert(!id_range_overlaps(range, (uint64_t) range.shift + range.count, 1));
        }
        return 0;
}
