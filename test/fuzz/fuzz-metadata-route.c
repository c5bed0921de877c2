/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "metadata-route.h"
#include "types.h"

/* The path of a request to either socket. What comes out becomes part of names of files. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *path = fuzz_string(data, size);
        MetadataRoute route;
        MetadataRegistration registration;
        if (metadata_route_parse(path, &route) >= 0) {
                fuzz_assert(!route.token[0] || metadata_token_is_valid(route.token));
                fuzz_assert(!route.app[0] || ac_name_is_valid(route.app));
                fuzz_assert(!route.app[0] == (route.endpoint < METADATA_APP_ANNOTATIONS));
                fuzz_assert(!route.name[0] == (route.endpoint != METADATA_POD_ANNOTATION &&
                                                              route.endpoint != METADATA_APP_ANNOTATION));
        }
        if (metadata_registration_parse(path, &registration) >= 0) {
                fuzz_assert(uuid_is_valid(registration.uuid));
                fuzz_assert(!registration.app[0] || ac_name_is_valid(registration.app));
        }
        return 0;
}
