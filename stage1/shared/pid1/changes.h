/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How the apps of a mutable pod come, start, stop and go, as PID 1 is told at its control socket. */

#include "control.h"
#include "pod-apps.h"

typedef struct Changes {
        const Boot *boot;
        PodApps *apps;
        struct Agent *agent;      /* of the manager that PID 1 has become; NULL: we are PID 1 */
        int namespace;            /* PID 1's mount namespace */
        bool has_cgroups;         /* PID 1 is in the pod's */
        bool ending;              /* nothing is added or started any more */
        const char *metadata_url; /* for apps that come; NULL: none */
        uint64_t next; /* when changes_carry_out has something to look at; monotonic ns; UINT64_MAX: no */
        Control control;
} Changes;

/* Logs failures. */
int changes_open(Changes *c, int loop);
/* Does what has been asked for, as far as it can be done now. Not while a turn of the loop goes on. */
void changes_carry_out(Changes *c);
