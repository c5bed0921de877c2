/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Processes of the pod that have outlived the one which the pod is about: they would go on in a root
 * directory that gc removes. There is no pid namespace that ends with its first process, and no control
 * group of the pod's own, so this process is the reaper of all its descendants (PR_SET_CHILD_SUBREAPER). */
typedef struct Leftovers {
        int proc;         /* the host's */
        struct stat host; /* the mount namespace that this process came from: who is there is not of the pod
                           */
        pid_t *asked;     /* those that were asked to end */
        size_t n_asked;
} Leftovers;

/* In the host's mount namespace. Logs failures. */
int leftovers_open(Leftovers *ret);
void leftovers_done(Leftovers *l);
/* Reaps the children that have ended, but for no end of them at a time. True if main was one, with its
 * status as of wait(2). */
bool leftovers_reap(pid_t main, int *ret_wstatus);
/* Sends SIGTERM, once, or SIGKILL to each. Returns how many there are. */
size_t leftovers_signal(Leftovers *l, int signal);
