/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The connection over which systemd and machined are asked. Everything has one deadline: a bus that hangs
 * must not hold up a pod.
 *
 * The system bus serves for both. systemd also listens on a socket of its own, open to root, without a bus
 * daemon in between; a message over it takes 0.7 ms less, but to connect to it as well costs 1.5 ms more
 * than to go on with the bus, on which machined has to be asked in any case. It serves when there is no bus.
 */

#include <stdint.h>
#include <systemd/sd-bus.h>

#include "macro.h"

typedef struct Bus {
        sd_bus *system;    /* the system bus; NULL: cannot be reached */
        sd_bus *manager;   /* systemd: the same, or its own socket; NULL: cannot be reached */
        uint64_t deadline; /* monotonic_ns() */
} Bus;

/* Begins to connect and does not wait. */
void bus_open(Bus *bus, uint64_t timeout_ns);
void bus_close(Bus *bus);
#define _cleanup_bus_ _cleanup_(bus_close)

/* Gives up on the system bus, if it has not even greeted us, for systemd's own socket. False if there is
 * nothing to change, or no such socket. */
bool bus_fall_back(Bus *bus);

/* Does one step: handles what has arrived or else waits for something to. Returns 1 when watch (a
 * descriptor, or -1) is readable, 0 otherwise, -ETIMEDOUT after the deadline. A connection that breaks
 * becomes NULL after its pending calls have failed. */
int bus_step(Bus *bus, int watch);

/* A method call that is under way. Zero-initialized; bus_call_done, before bus_close, forgets an answer that
 * has not come yet. */
typedef struct BusCall {
        bool done;
        int error; /* negative errno, with the D-Bus error's name and message; or 0 */
        char *name;
        char *message;
        sd_bus_slot *slot;
} BusCall;

void bus_call_done(BusCall *call);
#define _cleanup_bus_call_ _cleanup_(bus_call_done)

/* Sends m (borrowed) and lets call tell how it went. */
int bus_call_start(sd_bus *connection, sd_bus_message *m, BusCall *call);
/* Steps until it is done, or watch is readable (-ESRCH). Returns call->error or what bus_step returned. */
int bus_call_wait(Bus *bus, BusCall *call, int watch);

#define _cleanup_message_ _cleanup_(sd_bus_message_unrefp)
