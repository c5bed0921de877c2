/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Connections to systemd and to machined, driven together so that what one waits for passes while the other
 * works. Everything has one deadline: a bus that hangs must not hold up a pod. */

#include <stdint.h>
#include <systemd/sd-bus.h>

#include "macro.h"

typedef struct Bus {
        sd_bus *manager;   /* systemd, without the bus daemon if possible; NULL: cannot be reached */
        sd_bus *system;    /* the system bus; NULL: cannot be reached */
        uint64_t deadline; /* monotonic_ns() */
} Bus;

/* Begins to connect to both and does not wait. Each that cannot be reached stays NULL; if systemd's private
 * socket is closed to us, its connection is the system bus's. */
void bus_open(Bus *bus, uint64_t timeout_ns);
void bus_close(Bus *bus);
#define _cleanup_bus_ _cleanup_(bus_close)

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
