/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stream of tar, as it comes from decompression, laid over itself: checked only, nothing is made. */

#include "fuzz.h"

#include "unpack.h"

typedef struct Input {
        const uint8_t *data;
        size_t size, at;
} Input;

static ssize_t give(void *userdata, const uint8_t **ret) {
        Input *in = userdata;
        size_t n = MIN(in->size - in->at, (size_t) 4096);
        *ret = in->data + in->at;
        in->at += n;
        return n;
}

static void unpack(UnpackFormat format, const uint8_t *data, size_t size) {
        static const UnpackLimits limits = { 1 << 30, 1000, 100 };
        _cleanup_unpack_ Unpack *u = unpack_new(-1, false, format, &limits);
        for (int layer = 0; layer < (format == UNPACK_OCI_LAYER ? 1 : 2); layer++) {
                Input in = { data, size, 0 };
                int r = unpack_layer(u, give, &in, NULL, 0);
                if (r == 1) {
                        in.at = 0;
                        r = unpack_links(u, give, &in);
                }
                if (r < 0) {
                        fuzz_assert(unpack_error(u));
                        return;
                }
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        for (UnpackFormat format = 0; format < _UNPACK_FORMAT_MAX; format++)
                unpack(format, data, size);
        return 0;
}
