/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import-signal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>

#include "macro.h"

#define CHECK_MS 500 /* for a signal that comes right before the wait */

static const int ending_signals[] = { SIGINT, SIGTERM, SIGHUP };
static struct sigaction old_actions[ELEMENTSOF(ending_signals)];
static volatile sig_atomic_t caught_signal;
static size_t n_holds;

static void catch_signal(int signal) {
        caught_signal = signal;
}

bool import_interrupted(void) {
        return caught_signal != 0;
}

int import_wait(int fd) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        for (;;) {
                int r = poll(&p, 1, CHECK_MS);
                if (import_interrupted())
                        return -EINTR;
                if (r > 0 || (r < 0 && errno != EINTR))
                        return r > 0 ? 0 : -errno;
        }
}

/* Without SA_RESTART: what waits is to notice. What was ignored stays so, as in a shell's background jobs.
 */
void import_signals_hold(void) {
        struct sigaction action = { .sa_handler = catch_signal };
        if (n_holds++ > 0)
                return;
        for (size_t k = 0; k < ELEMENTSOF(ending_signals); k++) {
                sigaction(ending_signals[k], NULL, &old_actions[k]);
                if (old_actions[k].sa_handler != SIG_IGN)
                        sigaction(ending_signals[k], &action, NULL);
        }
}

void import_signals_release(void) {
        if (--n_holds > 0)
                return;
        for (size_t k = 0; k < ELEMENTSOF(ending_signals); k++)
                sigaction(ending_signals[k], &old_actions[k], NULL);
        if (caught_signal != 0)
                raise(caught_signal);
}
