/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "app.h"
#include "confine.h"

/* Status of a process whose program could not be executed: systemd's, which rkt had. */
#define PROCESS_EXIT_EXECUTE 203

typedef enum ProcessStep {
        PROCESS_JOIN,
        PROCESS_CGROUP,
        PROCESS_OUTPUT,
        PROCESS_TERMINAL,
        PROCESS_CONFINE,
        PROCESS_EXECUTE,
} ProcessStep;

/* What a child tells before it gives up. */
typedef struct ProcessFailure {
        ProcessStep what;
        ConfineStep step; /* of PROCESS_CONFINE */
        int error;
} ProcessFailure;

const char *process_failure_text(const ProcessFailure *f);

/* Starts a process of the app: its main program as its user, or a hook as root. *ret_failure is a pipe that
 * yields a ProcessFailure if that fails, and nothing when the program has been executed. Returns the pid or
 * -errno. */
pid_t process_start(App *a, char *const argv[], bool main, int *ret_failure);
