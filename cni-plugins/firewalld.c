/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "firewalld.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "alloc.h"
#include "duration.h"
#include "library.h"

/* Loaded when there is a bus to ask: it would be half of the start of a plugin that mostly needs none. */
#define LIBRARY    "libsystemd.so.0"
#define BUS_SOCKET "/run/dbus/system_bus_socket"

#define ZONE_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/"

#define FIREWALLD_NAME      "org.fedoraproject.FirewallD1"
#define FIREWALLD_PATH      "/org/fedoraproject/FirewallD1"
#define FIREWALLD_ZONE      "org.fedoraproject.FirewallD1.zone"
#define FIREWALLD_EXCEPTION "org.fedoraproject.FirewallD1.Exception"

/* What a bus that hangs may cost. firewalld itself has sd-bus's 25 s: it answers when a reload is over. */
#define BUS_PATIENCE_US (3 * UINT64_C(1000000))

static struct {
        __typeof__(sd_bus_open_system) *open_system;
        __typeof__(sd_bus_is_ready) *is_ready;
        __typeof__(sd_bus_process) *process;
        __typeof__(sd_bus_wait) *wait;
        __typeof__(sd_bus_set_method_call_timeout) *set_method_call_timeout;
        __typeof__(sd_bus_close_unref) *close_unref;
        __typeof__(sd_bus_call) *call;
        __typeof__(sd_bus_call_method) *call_method;
        __typeof__(sd_bus_message_new_method_call) *message_new_method_call;
        __typeof__(sd_bus_message_set_auto_start) *message_set_auto_start;
        __typeof__(sd_bus_message_append) *message_append;
        __typeof__(sd_bus_message_read) *message_read;
        __typeof__(sd_bus_message_unref) *message_unref;
        __typeof__(sd_bus_error_free) *error_free;
} bus;

static int load(void) {
        const LibraryFunction functions[] = {
                { "open_system", &bus.open_system },
                { "is_ready", &bus.is_ready },
                { "process", &bus.process },
                { "wait", &bus.wait },
                { "set_method_call_timeout", &bus.set_method_call_timeout },
                { "close_unref", &bus.close_unref },
                { "call", &bus.call },
                { "call_method", &bus.call_method },
                { "message_new_method_call", &bus.message_new_method_call },
                { "message_set_auto_start", &bus.message_set_auto_start },
                { "message_append", &bus.message_append },
                { "message_read", &bus.message_read },
                { "message_unref", &bus.message_unref },
                { "error_free", &bus.error_free },
        };
        return library_load(LIBRARY, "sd_bus_", functions, ELEMENTSOF(functions), NULL);
}

static void close_bus(sd_bus *b) {
        bus.close_unref(b);
}
DEFINE_CLEANUP(sd_bus *, close_bus)
static void unref_message(sd_bus_message *m) {
        bus.message_unref(m);
}
DEFINE_CLEANUP(sd_bus_message *, unref_message)
static void free_error(sd_bus_error *e) {
        if (bus.error_free)
                bus.error_free(e);
}

/* sd-bus itself waits a minute and a half for a bus to greet it. */
static int await_greeting(sd_bus *b) {
        uint64_t until = monotonic_ns() + BUS_PATIENCE_US * 1000;
        int r;
        while ((r = bus.is_ready(b)) == 0) {
                r = bus.process(b, NULL);
                uint64_t now = monotonic_ns();
                if (r == 0 && now >= until)
                        return -ETIMEDOUT;
                if (r == 0)
                        r = bus.wait(b, (until - now) / 1000);
                if (r < 0 && r != -EINTR)
                        return r;
        }
        return r;
}

/* The bus, if firewalld has its name there. */
static int open_firewalld(sd_bus **ret, char **ret_error) {
        _cleanup_(free_error) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(close_busp) sd_bus *b = NULL;
        _cleanup_(unref_messagep) sd_bus_message *reply = NULL;
        int owned = 0, r = 0;
        if (!secure_getenv("DBUS_SYSTEM_BUS_ADDRESS") && access(BUS_SOCKET, F_OK) < 0)
                r = -errno;
        if (r >= 0)
                r = load();
        if (r >= 0)
                r = bus.open_system(&b);
        if (r >= 0)
                r = await_greeting(b);
        if (r >= 0)
                r = bus.set_method_call_timeout(b, BUS_PATIENCE_US);
        if (r >= 0)
                r = bus.call_method(b, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                "org.freedesktop.DBus", "NameHasOwner", &error, &reply, "s", FIREWALLD_NAME);
        if (r >= 0)
                r = bus.message_read(reply, "b", &owned);
        if (r >= 0)
                r = bus.set_method_call_timeout(b, 0);
        if (r >= 0 && owned) {
                *ret = TAKE_PTR(b);
                return 0;
        }
        *ret_error = r < 0 ? xasprintf("firewalld cannot be asked over the system bus: %s",
                                             error.message ?: strerror(-r))
                           : xstrdup("firewalld does not run");
        return -ESRCH;
}

typedef struct Method {
        const char *name, *verb, *preposition;
        const char *fine[5]; /* first words of exceptions that are no failure */
        bool answers;        /* with a boolean, which must be true */
} Method;

static const Method add_source = { "addSource", "add", "to", { "ZONE_ALREADY_SET", "ALREADY_ENABLED" },
        false };
/* A source of another zone has been made so by someone else. */
static const Method remove_source = { "removeSource", "remove", "from",
        { "UNKNOWN_SOURCE", "NOT_ENABLED", "ZONE_CONFLICT", "INVALID_ZONE" }, false };
static const Method query_source = { "querySource", "find", "in", { NULL }, true };

static bool is_fine(const Method *m, const sd_bus_error *e) {
        if (!e->name || !e->message || !streq(e->name, FIREWALLD_EXCEPTION))
                return false;
        /* ZONE_CONFLICT: '10.1.2.3/32' already bound to … */
        size_t n = strcspn(e->message, ":");
        for (const char *const *word = m->fine; *word; word++)
                if (strlen(*word) == n && memcmp(e->message, *word, n) == 0)
                        return true;
        return false;
}

/* firewalld may have gone since the bus was asked for it. */
static bool is_absence(const sd_bus_error *e) {
        return e->name && (streq(e->name, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
                                          streq(e->name, SD_BUS_ERROR_NAME_HAS_NO_OWNER));
}

static int call(sd_bus *b, const Method *m, const char *zone, const IpAddress *address, char **ret_error) {
        _cleanup_(free_error) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(unref_messagep) sd_bus_message *request = NULL, *reply = NULL;
        char text[IP_TEXT_MAX], source[IP_PREFIX_TEXT_MAX];
        snprintf(source, sizeof(source), "%s/%u", ip_format(address, text), ip_bits(address->family));
        int yes = 1;
        int r = bus.message_new_method_call(
                        b, &request, FIREWALLD_NAME, FIREWALLD_PATH, FIREWALLD_ZONE, m->name);
        if (r >= 0)
                r = bus.message_set_auto_start(request, 0);
        if (r >= 0)
                r = bus.message_append(request, "ss", zone, source);
        if (r >= 0)
                r = bus.call(b, request, 0, &error, &reply);
        if (r >= 0 && m->answers)
                r = bus.message_read(reply, "b", &yes);
        if ((r >= 0 && yes) || is_fine(m, &error))
                return 0;
        *ret_error = xasprintf("cannot %s %s %s firewalld's zone %s: %s", m->verb, source, m->preposition, zone,
                        r >= 0 ? "it is not there" : error.message ?: strerror(-r));
        return r >= 0 ? -ENOENT : is_absence(&error) ? -ESRCH : r;
}

bool firewalld_zone_is_valid(const char *zone) {
        const char *slash = strchr(zone, '/');
        return *zone && zone[strspn(zone, ZONE_CHARACTERS)] == '\0' &&
               (!slash || (slash > zone && slash[1] && !strchr(slash + 1, '/')));
}

int firewalld_allow(const char *zone, const IpPrefix *addresses, size_t n, char **ret_error) {
        _cleanup_(close_busp) sd_bus *b = NULL;
        int r = open_firewalld(&b, ret_error);
        for (size_t i = 0; r >= 0 && i < n; i++) {
                r = call(b, &add_source, zone, &addresses[i].address, ret_error);
                while (r < 0 && i > 0) {
                        _cleanup_free_ char *ignored = NULL;
                        call(b, &remove_source, zone, &addresses[--i].address, &ignored);
                }
        }
        return r;
}

int firewalld_forget(const char *zone, const IpPrefix *addresses, size_t n, char **ret_error) {
        _cleanup_(close_busp) sd_bus *b = NULL;
        int result = n > 0 ? open_firewalld(&b, ret_error) : 0;
        for (size_t i = 0; b && i < n; i++) {
                _cleanup_free_ char *error = NULL;
                int r = call(b, &remove_source, zone, &addresses[i].address, &error);
                if (r < 0 && result >= 0) {
                        result = r;
                        *ret_error = TAKE_PTR(error);
                }
        }
        return result;
}

int firewalld_check(const char *zone, const IpPrefix *addresses, size_t n, char **ret_error) {
        _cleanup_(close_busp) sd_bus *b = NULL;
        int r = open_firewalld(&b, ret_error);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = call(b, &query_source, zone, &addresses[i].address, ret_error);
        return r;
}
