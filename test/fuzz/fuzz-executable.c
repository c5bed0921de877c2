/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "executable-header.h"
#include "file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_close_ int fd = memfd_create("program", MFD_CLOEXEC);
        _cleanup_executable_header_ ExecutableHeader h = {};
        if (fd < 0 || write_all(fd, data, size) < 0)
                return 0;
        executable_header_read(fd, &h);
        fuzz_assert(!h.interpreter || *h.interpreter);
        fuzz_assert(!h.interpreter || h.kind == EXECUTABLE_ELF || h.kind == EXECUTABLE_SCRIPT);
        fuzz_assert(!h.foreign || h.kind == EXECUTABLE_ELF);
        fuzz_assert((h.kind == EXECUTABLE_EMPTY) == (size == 0));
        return 0;
}
