/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signal-name.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "alloc.h"
#include "macro.h"
#include "option.h"

static int real_time_signal(const char *name) {
        const char *up = startswith(name, "RTMIN"), *down = startswith(name, "RTMAX"), *rest = up ?: down;
        int64_t offset = 0, range = SIGRTMAX - SIGRTMIN;
        if (!rest || (*rest && (*rest != (up ? '+' : '-') || parse_int(rest + 1, 0, range, &offset) < 0)))
                return -EINVAL;
        return up ? SIGRTMIN + (int) offset : SIGRTMAX - (int) offset;
}

int signal_from_name(const char *s) {
        int64_t number;
        if (parse_int(s, 1, SIGRTMAX, &number) >= 0)
                return (int) number;
        const char *name = startswith(s, "SIG") ?: s;
        for (int i = 1; i < SIGRTMIN; i++)
                if (sigabbrev_np(i) && streq(sigabbrev_np(i), name))
                        return i;
        return real_time_signal(name);
}

char *signal_name(int number) {
        const char *name = sigabbrev_np(number);
        if (name)
                return xasprintf("SIG%s", name);
        return number >= SIGRTMIN && number <= SIGRTMAX ? xasprintf("SIGRTMIN+%d", number - SIGRTMIN)
                                                        : xasprintf("signal %d", number);
}
