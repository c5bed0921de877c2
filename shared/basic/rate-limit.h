/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* So many in such a time, and no more: as journald does it, in windows that begin with the first one. */

#include <stdbool.h>
#include <stdint.h>

typedef struct RateLimit {
        uint64_t burst, interval; /* ns; burst 0: no limit */
        uint64_t begin, passed;   /* of the window */
        uint64_t dropped;         /* since it was last asked for */
} RateLimit;

/* Whether one more passes at the time now, monotonic ns. */
bool rate_limit_pass(RateLimit *l, uint64_t now);
/* How many have not passed in windows that are over, or with all in this one, too; asking forgets them. */
uint64_t rate_limit_dropped(RateLimit *l, uint64_t now, bool all);
