/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Entry point "stop": asks the app to end, or with --force kills it. */

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fly-lock.h"
#include "log.h"
#include "member.h"
#include "namespaces.h"
#include "option.h"
#include "process.h"
#include "strv.h"

static bool force;

static const Option options[] = {
        { "force", OPTION_BOOL, &force, "kill the app" },
        { "debug", OPTION_BOOL, &(bool){ false }, "print more" },
        {},
};

static const Command command = {
        .name = "stop",
        .usage = "[--force] UUID",
        .summary = "stop a pod (stage1 entry point, called by rkt stop)",
        .options = options,
};

/* The supervisor knows what runs, which signal that wants, and that it was asked. */
static int stop(void) {
        _cleanup_close_ int supervisor = -1;
        int r = supervisor_open(&supervisor);
        if (r == -ESRCH)
                return 0; /* it has ended: that is what was asked for */
        if (r < 0)
                return r;
        siginfo_t kill = { .si_signo = FLY_KILL_SIGNAL, .si_code = SI_QUEUE };
        kill.si_value.sival_int = FLY_KILL_VALUE;
        r = force ? (int) syscall(SYS_pidfd_send_signal, supervisor, FLY_KILL_SIGNAL, &kill, 0)
                  : pidfd_signal(supervisor, SIGTERM);
        if (force && r < 0)
                r = -errno;
        return r < 0 && r != -ESRCH ? log_error_errno(r, "cannot stop the pod") : 0;
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        process_begin("stage1");
        int r = command_parse(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        return stop() < 0 ? EXIT_RKT_FAILURE : 0;
}
