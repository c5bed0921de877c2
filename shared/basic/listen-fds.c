/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "listen-fds.h"

#include <limits.h>

#include "file.h"
#include "option.h"

size_t listen_fds_count(void) {
        const char *pid_text = getenv("LISTEN_PID"), *n_text = getenv("LISTEN_FDS");
        uint64_t pid, n;
        if (!pid_text || !n_text || parse_uint(pid_text, INT_MAX, &pid) < 0 || (pid_t) pid != getpid() ||
                        parse_uint(n_text, LISTEN_FDS_MAX, &n) < 0)
                return 0;
        return n;
}

void listen_fds_close_on_exec(bool on) {
        size_t n = listen_fds_count();
        for (size_t i = 0; i < n; i++)
                fd_close_on_exec(LISTEN_FDS_START + (int) i, on);
}
