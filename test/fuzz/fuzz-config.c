/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "kinds.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const directories[] = { "paths.d", "stage1.d" };
        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                _cleanup_free_ char *error = NULL;
                Config c = {};
                if (config_parse(directories[i], "file", (const char *) data, size, &c, &error) < 0)
                        fuzz_assert(error);
                fuzz_assert(!c.data_dir || c.data_dir[0] == '/');
                fuzz_assert(!c.stage1_images_dir || c.stage1_images_dir[0] == '/');
                fuzz_assert(!c.stage1_name == !c.stage1_version);
                config_done(&c);
        }
        return 0;
}
