/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine.h"

#include <errno.h>
#include <poll.h>

#include "duration.h"

#define MACHINED_NAME    "org.freedesktop.machine1"
#define MACHINED_PATH    "/org/freedesktop/machine1"
#define MACHINED_MANAGER "org.freedesktop.machine1.Manager"
#define NO_SUCH_MACHINE  "org.freedesktop.machine1.NoSuchMachine"

/* More time for taking back what may have been registered when the deadline passed. */
#define TAKE_BACK_NS (2 * NSEC_PER_SEC)

int bus_machine_wake(Bus *bus) {
        if (!bus->system)
                return -ENOTCONN;
        return sd_bus_call_method_async(bus->system, NULL, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                        "org.freedesktop.DBus", "StartServiceByName", NULL, NULL, "su", MACHINED_NAME,
                        (uint32_t) 0);
}

static int new_message(sd_bus *system, const char *method, sd_bus_message **ret) {
        return system ? sd_bus_message_new_method_call(
                                        system, ret, MACHINED_NAME, MACHINED_PATH, MACHINED_MANAGER, method)
                      : -ENOTCONN;
}

static int new_register_message(sd_bus *system, const Machine *machine, sd_bus_message **ret) {
        _cleanup_message_ sd_bus_message *m = NULL;
        int r = new_message(system, "RegisterMachineWithNetwork", &m);
        if (r >= 0)
                r = sd_bus_message_append(m, "s", machine->name);
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'y', machine->id, 16);
        if (r >= 0)
                r = sd_bus_message_append(m, "ssus", machine->service, "container",
                                (uint32_t) machine->leader, machine->root);
        if (r >= 0)
                r = sd_bus_message_append_array(
                                m, 'i', machine->interfaces, machine->n_interfaces * sizeof(int32_t));
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

static int start_unregister(Bus *bus, const char *name, BusCall *call) {
        _cleanup_message_ sd_bus_message *m = NULL;
        int r = new_message(bus->system, "UnregisterMachine", &m);
        if (r >= 0)
                r = sd_bus_message_append(m, "s", name);
        /* A machined that does not run knows no machines: the files it keeps are for its restart only. */
        if (r >= 0)
                r = sd_bus_message_set_auto_start(m, 0);
        if (r >= 0)
                r = bus_call_start(bus->system, m, call);
        return r;
}

static bool has_ended(int leader_fd) {
        struct pollfd p = { .fd = leader_fd, .events = POLLIN };
        return poll(&p, 1, 0) > 0;
}

int bus_machine_register(Bus *bus, const Machine *machine, int leader_fd, char **ret_message) {
        _cleanup_message_ sd_bus_message *m = NULL;
        _cleanup_bus_call_ BusCall call = {};
        int r = new_register_message(bus->system, machine, &m);
        if (r >= 0)
                r = bus_call_start(bus->system, m, &call);
        /* Without watching the leader: an answer that is not waited for could be a success that nobody
         * takes back, and machined does not look whether a unit is still there until the next one ends. */
        if (r >= 0)
                r = bus_call_wait(bus, &call, -1);
        if (has_ended(leader_fd)) {
                _cleanup_free_ char *ignored = NULL;
                if (r == -ETIMEDOUT)
                        bus->deadline += TAKE_BACK_NS;
                if (r >= 0 || r == -ETIMEDOUT)
                        (void) bus_machine_unregister(bus, machine->name, &ignored);
                return -ESRCH;
        }
        if (r < 0)
                *ret_message = TAKE_PTR(call.message);
        return r;
}

int bus_machine_unregister(Bus *bus, const char *name, char **ret_message) {
        _cleanup_bus_call_ BusCall call = {};
        int r = start_unregister(bus, name, &call);
        if (r >= 0)
                r = bus_call_wait(bus, &call, -1);
        if (r == 0 || streq_ptr(call.name, NO_SUCH_MACHINE) ||
                        streq_ptr(call.name, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
                        streq_ptr(call.name, SD_BUS_ERROR_SERVICE_UNKNOWN))
                return 0;
        *ret_message = TAKE_PTR(call.message);
        return r;
}
