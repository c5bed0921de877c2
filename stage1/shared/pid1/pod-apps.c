/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod-apps.h"

#include <inttypes.h>

#include "alloc.h"
#include "app-credentials.h"
#include "log.h"

/* What the service manager has given and said to the unit's main process, for the app. */
static int take_from_unit(App *a, const Boot *b, size_t index) {
        a->sockets = b->sockets ? &b->sockets[index] : NULL;
        _cleanup_free_ char *interval = xasprintf("%" PRIu64, b->watchdog_us);
        if (b->watchdog_us > 0 && a->plan->life.notify) {
                app_set_variable(a, "WATCHDOG_PID", NULL);
                app_set_variable(a, "WATCHDOG_USEC", interval);
        }
        if (b->credentials)
                app_set_variable(a, "CREDENTIALS_DIRECTORY", CREDENTIALS_PATH);
        if (a->sockets && a->sockets->n > 0) { /* they come with the process */
                app_set_variable(a, "LISTEN_PID", NULL);
                app_set_variable(a, "LISTEN_FDS", NULL);
                app_set_variable(a, "LISTEN_FDNAMES", NULL);
        }
        return app_write_environment(a);
}

static int set_up(PodApps *p, const Boot *b, const PodRoot *root, size_t index, App *a) {
        const PlanApp *plan = &b->plan->apps[index];
        size_t number = p->numbered++;
        AppRoot app_root = { .namespace = -1, .root = -1 };
        Notify notify = NOTIFY_NONE;
        int r = plan->life.notify ? notify_open(&notify, number) : 0;
        if (r < 0)
                return log_error_errno(r, "app %s: cannot make its notification socket", plan->name);
        if ((r = app_root_build(b, root, index, number, &app_root)) < 0) {
                notify_close(&notify, p->loop);
                return r;
        }
        r = app_prepare(a, plan, &b->plan->users, &app_root, &root->apps[index], p->logs, p->loop);
        a->terminal = p->terminal;
        a->control = b->control;
        a->notify = notify;
        if (r < 0 || (r = take_from_unit(a, b, index)) < 0) {
                app_release(a);
                return r;
        }
        notify_watch(&a->notify, p->loop);
        return 0;
}

int pod_apps_add(PodApps *p, const Boot *b, const PodRoot *root, size_t index, App **ret) {
        App *a = xnew(App, 1);
        int r = set_up(p, b, root, index, a);
        if (r < 0) {
                free(a);
                return r;
        }
        xgrow(&p->items, p->n);
        p->items[p->n++] = a;
        if (ret)
                *ret = a;
        return 0;
}

void pod_apps_remove(PodApps *p, App *a) {
        size_t i = 0;
        while (p->items[i] != a)
                i++;
        p->n--;
        memmove(p->items + i, p->items + i + 1, (p->n - i) * sizeof(*p->items));
        app_release(a);
        free(a);
}

App *pod_apps_find(const PodApps *p, const char *name) {
        for (size_t i = 0; i < p->n; i++)
                if (streq(p->items[i]->plan->name, name))
                        return p->items[i];
        return NULL;
}

App *pod_apps_find_process(const PodApps *p, pid_t pid) {
        for (size_t i = 0; i < p->n; i++)
                if (p->items[i]->pid == pid)
                        return p->items[i];
        return NULL;
}

_waiting_ bool pod_apps_are_ready(const PodApps *p) {
        for (size_t i = 0; i < p->n; i++)
                if (!app_is_ready(p->items[i]))
                        return false;
        return true;
}

_waiting_ bool pod_apps_are_done(const PodApps *p) {
        for (size_t i = 0; i < p->n; i++)
                if (p->items[i]->phase != APP_DONE)
                        return false;
        return true;
}
