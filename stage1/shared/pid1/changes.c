/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "changes.h"

#include <errno.h>
#include <sys/mount.h>

#include "alloc.h"
#include "app-added.h"
#include "duration.h"
#include "flavour.h"
#include "log.h"
#include "pod-cgroup.h"

#define RETRY_NS    (10 * NSEC_PER_MSEC)
#define PATIENCE_NS (5000 * NSEC_PER_MSEC) /* for processes that were killed, and for logs that are full */

static int unknown(const ControlOrder *o, char **ret_why) {
        *ret_why = xasprintf("the pod's PID 1 has no app \"%s\": it was not added completely; remove it and "
                             "add it "
                             "again",
                        o->app);
        return -ENOENT;
}

static int refuse_at_end(char **ret_why) {
        *ret_why = xstrdup("the pod is being stopped");
        return -ESHUTDOWN;
}

static int add(Changes *c, ControlOrder *o, char **ret_why) {
        if (c->ending)
                return refuse_at_end(ret_why);
        if (pod_apps_find(c->apps, o->app)) {
                *ret_why = xasprintf("the pod has an app \"%s\"", o->app);
                return -EEXIST;
        }
        return app_added(c, o, ret_why);
}

/* A manager is at it, for us or for another order. */
static bool is_asked(const App *a) {
        return a->agent && flavour.manager->is_asked(a->agent, a);
}

/* One that is on its way out is waited for, and then started. */
static int begin_start(App *a, ControlOrder *o) {
        if (a->phase == APP_POST_STOP || (a->phase != APP_DONE && a->stop_asked > 0) || is_asked(a))
                return -EAGAIN;
        o->begun = true;
        if (a->phase == APP_DONE)
                app_reset(a);
        a->wanted = true;
        return -EAGAIN;
}

static int check_start(App *a, const ControlOrder *o, char **ret_why) {
        if (a->unexecuted) {
                *ret_why = xstrdup(a->unexecuted);
                return -ENOEXEC;
        }
        if (app_is_ready(a) || (o->value == 0 && a->started && a->phase != APP_DONE))
                return 0;
        if (a->phase != APP_DONE)
                return -EAGAIN;
        *ret_why = xasprintf("it has ended with status %d before it was ready", a->status);
        return -ECANCELED;
}

/* The app goes on, and may be ready later: only nobody waits for it any more. */
static int be_patient(Changes *c, ControlOrder *o, char **ret_why) {
        uint64_t now = monotonic_ns();
        if (o->value <= 0)
                return -EAGAIN;
        if (o->patience == 0)
                o->patience = now + (uint64_t) o->value * NSEC_PER_MSEC;
        c->next = MIN(c->next, o->patience);
        if (now < o->patience)
                return -EAGAIN;
        *ret_why = xasprintf("it is not ready after %.3g s, and goes on", (double) o->value / 1000);
        return -ETIMEDOUT;
}

static int start(Changes *c, ControlOrder *o, char **ret_why) {
        App *a = pod_apps_find(c->apps, o->app);
        if (!a)
                return unknown(o, ret_why);
        if (c->ending)
                return refuse_at_end(ret_why);
        int r = o->begun ? check_start(a, o, ret_why) : begin_start(a, o);
        return r == -EAGAIN ? be_patient(c, o, ret_why) : r;
}

/* One that somebody has started again meanwhile was stopped. */
static int stop_app(App *a, ControlOrder *o) {
        if (a->phase == APP_WAITING && !o->begun)
                a->phase = APP_DONE; /* it will not be started again */
        if (!o->begun)
                a->restart_asked = false;
        if (a->phase == APP_DONE || (o->begun && a->stop_asked == 0)) {
                a->wanted &= a->phase != APP_DONE;
                return a->phase == APP_DONE && is_asked(a) ? -EAGAIN : 0;
        }
        if (a->stop_asked == 0 && a->agent)
                flavour.manager->stop_app(a->agent, a);
        else if (a->stop_asked == 0)
                app_ask_to_stop(a);
        o->begun = true;
        return -EAGAIN;
}

static int stop(Changes *c, ControlOrder *o, char **ret_why) {
        App *a = pod_apps_find(c->apps, o->app);
        return a ? stop_app(a, o) : unknown(o, ret_why);
}

/* Nothing of it runs any more, and what it has said is where it belongs. -EAGAIN while that is not so. */
static int settle(Changes *c, App *a, ControlOrder *o) {
        int r = a->cgroup < 0 ? 0 : a->agent ? pod_cgroup_unit_is_gone(a) : pod_cgroup_remove(a);
        if (r >= 0 && !app_drain(a))
                r = -EAGAIN;
        app_settle(a); /* who is attached hears of its end */
        if (r != -EBUSY && r != -EAGAIN)
                return r;
        uint64_t now = monotonic_ns();
        if (o->patience == 0)
                o->patience = now + PATIENCE_NS;
        if (now >= o->patience)
                return -EBUSY;
        c->next = MIN(c->next, now + RETRY_NS);
        return -EAGAIN;
}

static int remove_app(Changes *c, ControlOrder *o, char **ret_why) {
        App *a = pod_apps_find(c->apps, o->app);
        if (!a)
                return 0;
        if (a->phase != APP_DONE || is_asked(a)) { /* whoever starts it again loses */
                o->begun = a->stop_asked > 0;
                if (stop_app(a, o) < 0)
                        return -EAGAIN;
        }
        int r = settle(c, a, o);
        if (r == -EAGAIN)
                return r;
        if (r < 0)
                log_warning_errno(r, "app %s: removing it although its cgroup cannot be removed", o->app);
        app_removed(c, a);
        return 0;
}

static int handle(ControlOrder *o, char **ret_why, void *userdata) {
        Changes *c = userdata;
        switch (o->kind) {
        case CONTROL_ADD: return add(c, o, ret_why);
        case CONTROL_START: return start(c, o, ret_why);
        case CONTROL_STOP: return stop(c, o, ret_why);
        case CONTROL_REMOVE: return remove_app(c, o, ret_why);
        default: return -EBADMSG;
        }
}

int changes_open(Changes *c, int loop) {
        int r = control_open(&c->control, loop);
        return r < 0 ? log_error_errno(r, "cannot listen at stage1/rootfs/" CONTROL_SOCKET) : 0;
}

void changes_carry_out(Changes *c) {
        c->next = UINT64_MAX;
        if (c->control.connections)
                control_serve(&c->control, handle, c);
}
