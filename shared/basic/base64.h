/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* Base64 (RFC 4648, section 4), with or without its padding, no white space. Allocated with a NUL behind it.
 * -EINVAL. */
int base64_decode(const char *s, char **ret, size_t *ret_size);
