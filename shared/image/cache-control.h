/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* How long a response may be used without asking again, in seconds, from the value of Cache-Control (RFC
 * 9111): the last max-age, 0 with no-store or no-cache, and without any. */
int64_t cache_control_max_age(const char *value);
