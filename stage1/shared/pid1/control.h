/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* PID 1's side of the socket at which a mutable pod takes orders (control-message.h). It lies in PID 1's
 * root, which no app sees, and who connects must be outside of the pod. PID 1 never waits for whoever has
 * connected. */

#include <stdbool.h>

#include "control-message.h"
#include "loop.h"

/* An order that has come in whole. */
typedef struct ControlOrder {
        ControlKind kind;
        int value; /* as the message has it */
        char *app;
        int *descriptors; /* in their order, -1 for none; whoever takes one puts -1 in its place */
        size_t n_descriptors;
        bool begun;        /* the handler's own: it has been called before and has done what comes first */
        uint64_t patience; /* the same: monotonic ns; 0: not set */
} ControlOrder;

typedef struct ControlConnection ControlConnection;

typedef struct Control {
        int fd; /* -1: the pod is not mutable */
        LoopSource source;
        int loop;
        ControlConnection *connections;
        unsigned n_connections;
} Control;

#define CONTROL_CLOSED ((Control){ .fd = -1, .source.fd = -1 })

/* The struct must stay where it is. */
int control_open(Control *c, int loop);

/* Calls the handler for every order that waits for its answer: it returns -EAGAIN if that is still to come,
 * or what is answered, a failure with *ret_why (allocated). Not to be called while a turn of the loop goes
 * on, as what the loop watches may be freed. */
void control_serve(
                Control *c, int (*handle)(ControlOrder *o, char **ret_why, void *userdata), void *userdata);
