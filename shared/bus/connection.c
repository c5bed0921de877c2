/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "connection.h"

#include <errno.h>
#include <poll.h>

#include "alloc.h"
#include "duration.h"

#define MANAGER_ADDRESS "unix:path=/run/systemd/private"

static sd_bus *connect_manager(void) {
        sd_bus *connection = NULL;
        if (sd_bus_new(&connection) >= 0 && sd_bus_set_address(connection, MANAGER_ADDRESS) >= 0 &&
                        sd_bus_start(connection) >= 0)
                return connection;
        return sd_bus_unref(connection);
}

void bus_open(Bus *bus, uint64_t timeout_ns) {
        *bus = (Bus){ .deadline = monotonic_ns() + timeout_ns };
        if (sd_bus_open_system(&bus->system) < 0)
                bus->system = NULL;
        bus->manager = bus->system ? sd_bus_ref(bus->system) : connect_manager();
}

bool bus_fall_back(Bus *bus) {
        bool own_socket = bus->manager && bus->manager != bus->system;
        if (own_socket || (bus->system && sd_bus_is_ready(bus->system) > 0))
                return false;
        sd_bus_unref(bus->manager);
        bus->system = sd_bus_close_unref(bus->system);
        bus->manager = connect_manager();
        return bus->manager;
}

void bus_close(Bus *bus) {
        /* Not flush_close: whatever still matters has been waited for, and what hangs must not hang us. */
        bus->manager = sd_bus_close_unref(bus->manager);
        bus->system = sd_bus_close_unref(bus->system);
}

/* Handles one arrived message. 1 if there was one, 0 if not. */
static int dispatch(sd_bus **connection) {
        if (!*connection)
                return 0;
        int r = sd_bus_process(*connection, NULL);
        if (r >= 0)
                return r > 0;
        *connection = sd_bus_close_unref(*connection);
        return 1;
}

static void add_poll(sd_bus *connection, struct pollfd *p, uint64_t *until) {
        uint64_t usec;
        *p = (struct pollfd){ .fd = -1 };
        if (!connection)
                return;
        int events = sd_bus_get_events(connection);
        p->fd = sd_bus_get_fd(connection);
        p->events = events < 0 ? 0 : events;
        /* sd-bus has time limits of its own, for the authentication for example. */
        if (sd_bus_get_timeout(connection, &usec) > 0 && usec < *until / 1000)
                *until = usec * 1000;
}

int bus_step(Bus *bus, int watch) {
        bool shared = bus->manager == bus->system;
        int handled = dispatch(&bus->system);
        if (shared && bus->manager != bus->system)
                bus->manager = sd_bus_unref(bus->manager);
        else if (!shared)
                handled |= dispatch(&bus->manager);

        uint64_t now = monotonic_ns(), until = bus->deadline;
        if (now >= bus->deadline)
                return -ETIMEDOUT;
        if (handled)
                return 0; /* there may be more, and what it changed is to be looked at first */
        struct pollfd fds[3];
        add_poll(bus->system, &fds[0], &until);
        add_poll(shared ? NULL : bus->manager, &fds[1], &until);
        fds[2] = (struct pollfd){ .fd = watch, .events = POLLIN };
        until = MAX(until, now);
        struct timespec timeout = { (until - now) / NSEC_PER_SEC, (until - now) % NSEC_PER_SEC };
        if (ppoll(fds, ELEMENTSOF(fds), &timeout, NULL) < 0 && errno != EINTR)
                return -errno;
        return fds[2].revents != 0;
}

void bus_call_done(BusCall *call) {
        sd_bus_slot_unref(call->slot);
        free(call->name);
        free(call->message);
}

static int on_reply(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *ret_error) {
        BusCall *call = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);
        call->done = true;
        if (e) {
                call->error = -sd_bus_error_get_errno(e);
                if (call->error == 0)
                        call->error = -EIO;
                call->name = xstrdup(e->name);
                call->message = xstrdup(e->message ? e->message : e->name);
        }
        return 0;
}

int bus_call_start(sd_bus *connection, sd_bus_message *m, BusCall *call) {
        /* The deadline of the Bus is the limit; sd-bus's own of 25 s is never reached. */
        return connection ? sd_bus_call_async(connection, &call->slot, m, on_reply, call, 0) : -ENOTCONN;
}

int bus_call_wait(Bus *bus, BusCall *call, int watch) {
        while (!call->done) {
                int r = bus_step(bus, watch);
                if (r < 0)
                        return r;
                if (r > 0 && !call->done)
                        return -ESRCH;
                if (!bus->manager && !bus->system && !call->done)
                        return -ECONNRESET;
        }
        return call->error;
}
