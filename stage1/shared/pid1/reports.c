/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reports.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/socket.h>

#include "alloc.h"
#include "boot.h"
#include "duration.h"
#include "health.h"
#include "log.h"

static void say(const Reports *r, char *message) {
        _cleanup_free_ char *whole = xasprintf("%c%s", BOOT_SAY, message);
        send(r->control, whole, strlen(whole), MSG_NOSIGNAL | MSG_DONTWAIT);
        free(message);
}

static char *reloading(void) {
        return xasprintf("RELOADING=1\nMONOTONIC_USEC=%" PRIu64, monotonic_ns() / 1000);
}

/* Apps that tell how they fare tell when they have done it; for the others it is done when they know. */
void reports_reload(Reports *r) {
        bool told = false;
        for (size_t i = 0; i < r->apps->n; i++) {
                const App *a = r->apps->items[i];
                int signal = a->plan->life.reload_signal;
                if (signal == 0 || a->phase != APP_MAIN || a->pid <= 0)
                        continue;
                kill(a->pid, signal);
                told |= a->plan->life.notify;
        }
        if (told || !r->ready)
                return;
        say(r, reloading());
        say(r, xstrdup("READY=1"));
}

/* The watchdog hears of the pod when all apps that can speak have spoken; when there is none, because they
 * cannot, or are not there just now, that the supervisors live. It does not as long as an app is unhealthy
 * that nothing else is done about. */
_waiting_ uint64_t reports_watchdog(Reports *r) {
        uint64_t half = r->watchdog_us * 1000 / 2, now;
        bool all = true, any = false;
        if (half == 0)
                return UINT64_MAX;
        for (size_t i = 0; i < r->apps->n; i++) {
                const App *a = r->apps->items[i];
                all &= !a->health || !health_needs_watchdog(a->health);
                if (!a->plan->life.notify || a->phase != APP_MAIN || !a->notify.ready)
                        continue;
                any = true;
                all &= a->notify.alive;
        }
        now = monotonic_ns();
        if (all && (any || now >= r->said_alive + half)) {
                say(r, xstrdup("WATCHDOG=1"));
                r->said_alive = now;
                for (size_t i = 0; i < r->apps->n; i++)
                        r->apps->items[i]->notify.alive = false;
        }
        return any || !all ? UINT64_MAX : r->said_alive + half - now;
}

/* An app's own words about how it fares, which the host's service manager shows. */
static _waiting_ void pass_on_words(Reports *r) {
        for (size_t i = 0; i < r->apps->n; i++) {
                App *a = r->apps->items[i];
                if (!a->notify.status)
                        continue;
                _cleanup_free_ char *message =
                                xasprintf("%c%s: %s", BOOT_STATUS, a->plan->name, a->notify.status);
                send(r->control, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT);
                free(TAKE_PTR(a->notify.status));
        }
}

/* What else the service manager wants to know of an app. */
static _waiting_ void pass_on_states(Reports *r) {
        for (size_t i = 0; i < r->apps->n; i++) {
                Notify *n = &r->apps->items[i]->notify;
                if (n->reloading && r->ready) {
                        say(r, reloading());
                        r->ready = false; /* until all are again */
                }
                if (n->trigger)
                        say(r, xstrdup("WATCHDOG=trigger"));
                if (n->extend)
                        say(r, xasprintf("EXTEND_TIMEOUT_USEC=%s", n->extend));
                n->reloading = n->trigger = false;
                free(TAKE_PTR(n->extend));
        }
}

_waiting_ void reports_pass_on(Reports *r, bool ready) {
        pass_on_words(r);
        pass_on_states(r);
        if (r->ready || !ready)
                return;
        char message = BOOT_READY;
        r->ready = true;
        send(r->control, &message, 1, MSG_NOSIGNAL);
        if (symlink("ready", "/rkt/supervisor-status") < 0 && errno != EEXIST)
                log_warning_errno(errno, "cannot create stage1/rootfs/rkt/supervisor-status");
}
