/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rate-limit.h"

static bool is_over(const RateLimit *l, uint64_t now) {
        return l->passed == 0 || now - l->begin >= l->interval;
}

bool rate_limit_pass(RateLimit *l, uint64_t now) {
        if (l->burst == 0)
                return true;
        if (is_over(l, now)) {
                l->begin = now;
                l->passed = 0;
        }
        if (l->passed < l->burst) {
                l->passed++;
                return true;
        }
        l->dropped++;
        return false;
}

uint64_t rate_limit_dropped(RateLimit *l, uint64_t now, bool all) {
        uint64_t n = all || is_over(l, now) ? l->dropped : 0;
        l->dropped -= n;
        return n;
}
