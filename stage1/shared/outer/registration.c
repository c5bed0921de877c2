/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registration.h"

#include <unistd.h>

#include "alloc.h"
#include "build-config.h"
#include "log.h"
#include "strv.h"

#define PROGRAM RKT_LIBDIR "/rkt-register"

bool registration_possible(void) {
        return access("/run/systemd/system", F_OK) == 0;
}

int registration_start(Registration *g, const char *uuid, const char *root, bool interfaces) {
        *g = (Registration){ .wants_interfaces = interfaces };
        _cleanup_free_ char *uuid_option = xasprintf("--uuid=%s", uuid),
                            *root_option = xasprintf("--root=%s", root);
        char *argv[] = { (char *) PROGRAM, uuid_option, (char *) "--leader=-", (char *) "--stop-signal=URG",
                root_option, interfaces ? (char *) "--interface=-" : NULL, NULL };
        return helper_start(&g->helper, argv);
}

void registration_set_leader(Registration *g, pid_t leader, const PlanLimits *limits, int stop_signal) {
        _cleanup_strv_ char **words = strv_copy(NULL);
        strv_push(&words, xasprintf("%d", (int) leader));
        for (size_t i = 0; i < limits->n; i++)
                strv_push(&words, xasprintf("%s=%s", limits->items[i].file, limits->items[i].value));
        if (stop_signal > 0)
                strv_push(&words, xasprintf("stop-signal=%d", stop_signal));
        _cleanup_free_ char *joined = strv_join(words, "\t"), *line = xasprintf("%s\n", joined);
        helper_tell(&g->helper, line);
        if (!g->wants_interfaces)
                helper_close_in(&g->helper);
}

void registration_set_interfaces(Registration *g, const char *interfaces) {
        if (interfaces) {
                _cleanup_free_ char *line = xasprintf("%s\n", interfaces);
                helper_tell(&g->helper, line);
        }
        helper_close_in(&g->helper);
}

static void take_line(const char *line, void *userdata) {
        Registration *g = userdata;
        const char *rest;
        if ((rest = startswith(line, "cgroup "))) {
                free(g->cgroup);
                g->cgroup = xstrdup(rest);
        } else if ((rest = startswith(line, "warning ")))
                log_warning("%s", rest);
}

void registration_read(Registration *g) {
        helper_read(&g->helper, take_line, g);
}

void registration_undo(const char *uuid) {
        _cleanup_free_ char *uuid_option = xasprintf("--uuid=%s", uuid);
        char *argv[] = { (char *) PROGRAM, (char *) "--unregister", uuid_option, NULL };
        Helper h;
        if (helper_start_silent(&h, argv) >= 0)
                helper_wait(&h);
}
