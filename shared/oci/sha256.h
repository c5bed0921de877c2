/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Digests of what is at hand, as OCI documents write them: "sha256:HEX", allocated. */

#include <stddef.h>
#include <stdint.h>

char *sha256_digest(const void *data, size_t size);
/* Of size bytes of a file from an offset on. -ENODATA if it has not that many. */
int sha256_digest_range(int fd, uint64_t offset, uint64_t size, char **ret);
