/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From a fork of ours to a program of an app: the one way into an app's sandbox, for its main program, its
 * hooks and what enters it later. */

#include <stdbool.h>

#include "cgroup1.h"
#include "confine.h"
#include "plan.h"
#include "users.h"

/* Status of a process whose program could not be executed: systemd's, which rkt had. */
#define EXECUTION_EXIT_FAILURE 203

/* The app's variables, and for those that nobody has set rkt's defaults (SHELL, USER, LOGNAME, HOME):
 * root's, or the user's own where the image knows the user. */
char **execution_environment(const PlanApp *a, const User *user);
/* NAME=VALUE in place of another value of it, or behind the others. */
void execution_set_variable(char ***environment, const char *name, const char *value);
void execution_default_variable(char ***environment, const char *name, const char *value);

/* Where in the app it goes. */
typedef struct CgroupMount {
        int fd;
        char *path;
} CgroupMount;

typedef struct Execution {
        const PlanApp *app;
        const User *user;            /* NULL: root, for hooks */
        const SyscallFilter *filter; /* NULL: none */
        int user_namespace;          /* to be joined; -1: the process is in the right one */
        int mount_namespace;
        bool has_cgroup;                /* the process is in the app's */
        const Cgroup1 *cgroup1;         /* cgroups of v1 that it is still to join; NULL: none */
        int cgroup_mount;               /* to be put in the app's /sys/fs/cgroup; or -1 */
        const CgroupMount *hierarchies; /* and then in that: those of cgroup v1 */
        size_t n_hierarchies;
        bool close_dev;     /* make /dev read-only: no device policy guards it */
        int standard[3];    /* standard input, output, error; -1: as they are */
        bool keep[3];       /* with a terminal: these of them stay as they are */
        int terminal;       /* becomes all three and the controlling terminal; or -1 */
        const int *sockets; /* become descriptors 3 and on */
        size_t n_sockets;
        int failure; /* behind those: a pipe, closed by execve; nothing else of ours stays open */
        int parent_death_signal; /* sent to it if its parent dies; 0: none */
        char *const *argv, *const *environment;
} Execution;

typedef enum ExecutionStep {
        EXECUTION_SELINUX,
        EXECUTION_APPARMOR,
        EXECUTION_RLIMITS,
        EXECUTION_ATTACH,
        EXECUTION_JOIN,
        EXECUTION_CGROUP,
        EXECUTION_OUTPUT,
        EXECUTION_TERMINAL,
        EXECUTION_CONFINE,
        EXECUTION_EXECUTE,
} ExecutionStep;

/* What could not be done. */
typedef struct ExecutionFailure {
        ExecutionStep what;
        ConfineStep step; /* of EXECUTION_CONFINE */
        int error;        /* positive errno */
} ExecutionFailure;

/* Returns only on failure; the process must end then. */
ExecutionFailure execution_run(const Execution *e);

/* One line for people, allocated. rootfd is the app's root. */
char *execution_explain(const Execution *e, const ExecutionFailure *f, int rootfd);
