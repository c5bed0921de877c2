/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "become.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

void become_systemd(char *const *environment, bool debug) {
        char *const argv[] = { (char *) SYSTEMD, (char *) "--system", (char *) "--unit=default.target",
                (char *) "--show-status=no", (char *) "--log-target=journal",
                (char *) (debug ? "--log-level=debug" : "--log-level=notice"), NULL };
        /* what asks it to end stays until it looks */
        sigset_t asked;
        sigemptyset(&asked);
        sigaddset(&asked, SIGRTMIN + 4);
        sigaddset(&asked, SIGRTMIN + 14);
        sigprocmask(SIG_SETMASK, &asked, NULL);
        signal(SIGPIPE, SIG_DFL);
        /* if the outer supervisor dies; what SIGTERM means to systemd is something else */
        prctl(PR_SET_PDEATHSIG, SIGRTMIN + 4, 0, 0, 0);
        execve(SYSTEMD, argv, environment);
}
