/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Entry point "stop": asks the pod's PID 1 for an orderly stop, or with --force kills it and with it the
 * pod. */

#include <errno.h>
#include <signal.h>

#include "leader.h"
#include "log.h"
#include "namespaces.h"
#include "option.h"
#include "process.h"
#include "strv.h"

/* An orderly stop, to the pod's PID 1. */
#ifndef STOP_SIGNAL
#define STOP_SIGNAL SIGTERM
#endif

static bool force;

static const Option options[] = {
        { "force", OPTION_BOOL, &force, "kill the pod" },
        { "debug", OPTION_BOOL, &(bool){ false }, "print more" },
        {},
};

static const Command command = {
        .name = "stop",
        .usage = "[--force] UUID",
        .summary = "stop a pod (stage1 entry point, called by rkt stop)",
        .options = options,
};

static int stop(void) {
        pid_t pid = 0;
        _cleanup_close_ int pidfd = -1;
        int signal = SIGKILL, r = leader_read_pid(&pid);
        if (r >= 0 && !force)
                r = leader_stop_signal(STOP_SIGNAL, &signal);
        if (r < 0)
                return r;
        r = leader_open(pid, &pidfd);
        if (r >= 0)
                r = pidfd_signal(pidfd, signal);
        if (r == -ESRCH)
                return 0; /* it has ended: that is what was asked for */
        return r < 0 ? log_error_errno(r, "cannot stop the pod's PID 1, process %d", (int) pid) : 0;
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        process_begin("stage1");
        int r = command_parse(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        return stop() < 0 ? EXIT_RKT_FAILURE : 0;
}
