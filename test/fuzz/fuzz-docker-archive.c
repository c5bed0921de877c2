/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "docker-archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_docker_archive_ DockerArchive *a = NULL, *again = NULL;
        _cleanup_free_ char *error = NULL;
        if (docker_archive_parse("input", (const char *) data, size, &a, &error) < 0) {
                fuzz_assert(error && !a);
                return 0;
        }
        _cleanup_free_ char *first = docker_archive_to_text(a);
        fuzz_assert(docker_archive_parse("output", first, strlen(first), &again, NULL) >= 0);
        _cleanup_free_ char *second = docker_archive_to_text(again);
        fuzz_assert(streq(first, second));
        return 0;
}
