/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "watchdog.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "option.h"

uint64_t watchdog_interval_us(void) {
        const char *interval = getenv("WATCHDOG_USEC"), *pid_text = getenv("WATCHDOG_PID");
        uint64_t us, pid;
        if (!interval || parse_uint(interval, INT64_MAX / 1000, &us) < 0)
                return 0;
        if (pid_text && (parse_uint(pid_text, INT_MAX, &pid) < 0 || (pid_t) pid != getpid()))
                return 0;
        return us;
}
