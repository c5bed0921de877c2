/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aci-check.h"

#include "alloc.h"
#include "log.h"
#include "unpacker.h"

int aci_check(const char *name, int fd, ImageManifest **ret_manifest) {
        const UnpackerLayer layer = { .fd = fd, .follow = -1 };
        const UnpackerRequest request = { .root = -1, .output = -1, .layers = &layer, .n_layers = 1 };
        _cleanup_unpacker_ Unpacker *u = NULL;
        _cleanup_unpacker_result_ UnpackerResult result = {};
        _cleanup_image_manifest_ ImageManifest *m = NULL;
        _cleanup_free_ char *error = NULL;
        size_t failed;

        int r = unpacker_start(&request, &u);
        if (r < 0)
                return r;
        r = unpacker_wait(u, &result, &failed, &error);
        if (r < 0) {
                log_error("%s: invalid app container image: %s", name, error ? error : strerror(-r));
                return r;
        }
        r = image_manifest_parse("manifest", result.manifest, result.manifest_size, &m, &error);
        if (r < 0) {
                log_error("%s: invalid app container image: %s", name, error);
                return r;
        }
        if (ret_manifest)
                *ret_manifest = TAKE_PTR(m);
        return 0;
}
