/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The last steps before a program of an app is executed, in the one order in which they are all possible and
 * none can be undone by the next. Used for the app itself and for what enters it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "syscall-filter.h"

typedef struct Confinement {
        uid_t uid;
        gid_t gid;
        const gid_t *gids; /* supplementary */
        size_t n_gids;
        const char *working_directory;
        uint64_t capabilities; /* bounding set */
        uint64_t ambient;      /* kept across execve by whoever is not root */
        bool no_new_privileges;
        const SyscallFilter *seccomp; /* NULL: none */
} Confinement;

/* What was being done when something failed: for messages. */
typedef enum ConfineStep {
        CONFINE_CAPABILITIES,
        CONFINE_AMBIENT,
        CONFINE_GROUPS,
        CONFINE_USER,
        CONFINE_WORKING_DIRECTORY,
        CONFINE_NO_NEW_PRIVILEGES,
        CONFINE_SECCOMP,
} ConfineStep;

const char *confine_step_name(ConfineStep step);

/* Takes effect with the following execve: the process itself keeps CAP_SYS_ADMIN until then, because loading
 * a filter needs it. It must call execve or _exit next. */
int confine(const Confinement *c, ConfineStep *ret_failed);
