/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Times as people and Go programs write them. */

#include <stdint.h>
#include <time.h>

#define NSEC_PER_SEC  UINT64_C(1000000000)
#define NSEC_PER_MSEC UINT64_C(1000000)

/* Go's time.ParseDuration: "1h30m", "1.5s", "-5m", "0". Result in nanoseconds. -EINVAL, -ERANGE. */
int duration_parse(const char *s, int64_t *ret_ns);
char *duration_format(int64_t ns); /* as Go prints it: "24h0m0s" */

/* How long something is waited for: a duration, true for ever (as a negative one is), false not at all (0).
 * -EINVAL, -ERANGE. */
#define DURATION_FOREVER INT64_C(-1)
int duration_parse_wait(const char *s, int64_t *ret_ns);

/* "5 minutes ago", "2 hours ago", "just now" (under a second), after github.com/dustin/go-humanize. */
char *time_ago(time_t when, time_t now);
/* Go layout "2006-01-02 15:04:05.999 -0700 MST" in local time: "2016-01-20 20:42:05.021 +0100 CET". */
char *time_absolute(int64_t ns_since_epoch);

uint64_t monotonic_ns(void);
int64_t realtime_ns(void);
static inline int64_t timespec_ns(struct timespec t) {
        return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}
