/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Socket activation: which app of the pod gets which socket of the unit that it is started by. */

#include "plan.h"

struct PodManifest;

typedef struct AppSockets {
        int *fds; /* Sockets' */
        char **names;
        size_t n;
} AppSockets;

typedef struct Sockets {
        int *fds; /* closed on execve, and above the numbers that an app finds them at */
        char **names;
        size_t n;
        AppSockets *apps; /* as Plan.apps; NULL: there are no sockets */
} Sockets;

/* Moves the sockets of the environment, which then says nothing of them, out of the way. Logs failures. */
int sockets_take(Sockets *ret);

/* A socket is for the app with a port of that number that is socketActivated; else for those that name it;
 * else for the only app. Logs what nobody takes. */
void sockets_assign(Sockets *s, const struct PodManifest *m, const Plan *plan);

/* For whoever does not run the apps. */
void sockets_close(Sockets *s);
