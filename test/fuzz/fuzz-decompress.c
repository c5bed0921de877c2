/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Archives as they are fetched. The output is only read as far as a few megabytes: bombs are a matter of
 * limits. */

#include "fuzz.h"

#include <sys/mman.h>

#include "decompress.h"
#include "file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static uint8_t buffer[65536];
        _cleanup_close_ int fd = memfd_create("input", MFD_CLOEXEC);
        if (fd < 0 || write_all(fd, data, size) < 0 || lseek(fd, 0, SEEK_SET) < 0)
                return 0;
        _cleanup_decompressor_ Decompressor *d = decompressor_new(fd);
        for (int i = 0; i < 64; i++) {
                ssize_t n = decompressor_read(d, buffer, sizeof(buffer));
                fuzz_assert((n < 0) == (decompressor_error(d) != NULL));
                fuzz_assert(n <= (ssize_t) sizeof(buffer));
                if (n < (ssize_t) sizeof(buffer))
                        break;
        }
        return 0;
}
