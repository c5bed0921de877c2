/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What rkt leaves to systemd: scopes, machines, journals. */

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>

#include "alloc.h"
#include "check.h"
#include "connection.h"
#include "strv.h"

#define MACHINED "org.freedesktop.machine1"
#define NO_BUS   "systemd is asked over a socket of its own; machined cannot be asked"
#define NO_LOGS  "journalctl -M and -m do not find what pods log; rkt run prints it"

static bool bus_has(sd_bus *bus, const char *list, const char *name) {
        _cleanup_message_ sd_bus_message *answer = NULL;
        _cleanup_strv_ char **names = NULL;
        return sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                               "org.freedesktop.DBus", list, NULL, &answer, NULL) >= 0 &&
               sd_bus_message_read_strv(answer, &names) >= 0 && strv_contains(names, name);
}

static void check_manager(Checks *c, sd_bus *bus) {
        if (sd_booted() <= 0) {
                checks_add(c, "systemd", CHECK_LACKS,
                                "pods run in cgroups below the caller's, not in scopes, and nobody restarts "
                                "or "
                                "stops them",
                                "not PID 1 here");
                return;
        }
        _cleanup_free_ char *version = NULL;
        if (bus)
                sd_bus_get_property_string(bus, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                                "org.freedesktop.systemd1.Manager", "Version", NULL, &version);
        checks_add(c, "systemd", CHECK_OK, NULL, "%s", version ?: "running");
}

static void check_machined(Checks *c, sd_bus *bus) {
        if (bus && (bus_has(bus, "ListNames", MACHINED) || bus_has(bus, "ListActivatableNames", MACHINED)))
                checks_add(c, "machined", CHECK_OK, NULL, "known to the bus");
        else
                checks_add(c, "machined", CHECK_LACKS, "machinectl does not show pods",
                                "not known to the bus: the package systemd-container has it");
}

static void check_journald(Checks *c) {
        static const char *const programs[] = { "/usr/lib/systemd/systemd-journald",
                "/lib/systemd/systemd-journald" };
        bool program = access(programs[0], X_OK) == 0 || access(programs[1], X_OK) == 0;
        bool running = access("/run/systemd/journal/socket", F_OK) == 0;
        if (!program)
                checks_add(c, "journald", CHECK_LACKS, "pods keep no journals", "%s is not there",
                                programs[0]);
        else if (!running)
                checks_add(c, "journald", CHECK_LACKS, "rkt events has nothing to show", "not running");
        else
                checks_add(c, "journald", CHECK_OK, NULL, "running");
        if (access("/var/log/journal", F_OK) == 0)
                checks_add(c, "journals", CHECK_OK, NULL, "/var/log/journal");
        else
                checks_add(c, "journals", CHECK_LACKS, NO_LOGS, "no /var/log/journal");
}

void check_systemd(Checks *c) {
        sd_bus *bus = NULL;
        int r = sd_bus_open_system(&bus);
        check_manager(c, bus);
        if (r >= 0)
                checks_add(c, "dbus", CHECK_OK, NULL, "the system bus answers");
        else
                checks_add(c, "dbus", CHECK_LACKS, NO_BUS, "%s", strerror(-r));
        check_machined(c, bus);
        check_journald(c);
        sd_bus_close_unref(bus);
}
