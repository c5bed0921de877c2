/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Entry point "stop": asks the app to end, or with --force kills it. */

#include <errno.h>
#include <signal.h>

#include "leader.h"
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

static int stop(void) {
        Members m;
        pid_t pid = 0;
        int r = leader_read_pid(&pid);
        if (r < 0)
                return r;
        r = members_open(pid, &m);
        if (r == -ESRCH)
                return 0; /* it has ended: that is what was asked for */
        if (r < 0)
                return r;
        /* the supervisor knows which signal the app wants, and that it was asked */
        r = force ? pidfd_signal(m.app, SIGKILL) : pidfd_signal(m.supervisor, SIGTERM);
        members_close(&m);
        return r < 0 && r != -ESRCH ? log_error_errno(r, "cannot stop the app, process %d", (int) pid) : 0;
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        process_begin("stage1");
        int r = command_parse(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        return stop() < 0 ? EXIT_RKT_FAILURE : 0;
}
