/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "orders.h"

#include <signal.h>

#include "alloc.h"
#include "helper.h"

struct Order {
        Order *next;
        App *app;
        pid_t pid; /* 0: nothing is being carried out */
        OrderKind now, then;
};

static Order *find(const Orders *o, const App *a) {
        for (Order *i = o->first; i; i = i->next)
                if (i->app == a)
                        return i;
        return NULL;
}

static void take_out(Orders *o, Order *order) {
        Order **p = &o->first;
        while (*p != order)
                p = &(*p)->next;
        *p = order->next;
        free(order);
}

static void end(Orders *o, Order *order, bool failed) {
        App *a = order->app;
        OrderKind kind = order->now;
        bool last = order->then == ORDER_NONE;
        order->pid = 0;
        if (last)
                take_out(o, order);
        if (a)
                o->done(a, kind, failed, last);
}

/* It is reaped with all our other children. */
static void carry_out(Orders *o, Order *order) {
        Helper h;
        if (o->held || order->pid > 0)
                return;
        _cleanup_free_ char *unit = xasprintf("app-%s.service", order->app->plan->name);
        char *const start[] = { (char *) "/usr/bin/systemctl", (char *) "--no-block", (char *) "start", unit,
                NULL };
        char *const stop[] = { (char *) "/usr/bin/systemctl", (char *) "stop", unit, NULL };
        order->now = order->then;
        order->then = ORDER_NONE;
        if (helper_start_silent(&h, order->now == ORDER_START ? start : stop) < 0)
                end(o, order, true);
        else
                order->pid = h.pid;
}

void orders_give(Orders *o, App *a, OrderKind kind) {
        Order *order = find(o, a);
        if (!order) {
                order = xnew(Order, 1);
                *order = (Order){ .next = o->first, .app = a };
                o->first = order;
        }
        order->then = kind;
        carry_out(o, order);
}

void orders_release(Orders *o) {
        o->held = false;
        for (Order *i = o->first, *next; i; i = next) {
                next = i->next;
                if (i->then != ORDER_NONE)
                        carry_out(o, i);
        }
}

bool orders_has(const Orders *o, const App *a) {
        return find(o, a);
}

void orders_forget(Orders *o, const App *a) {
        Order *order = find(o, a);
        if (order && order->pid == 0)
                take_out(o, order);
        else if (order) {
                order->app = NULL;
                order->then = ORDER_NONE;
        }
}

void orders_process_ended(Orders *o, pid_t pid, int code, int status) {
        Order *order = o->first;
        while (order && order->pid != pid)
                order = order->next;
        if (!order)
                return;
        const App *a = order->app;
        end(o, order, code != CLD_EXITED || status != 0);
        order = a ? find(o, a) : NULL;
        if (order && order->then != ORDER_NONE)
                carry_out(o, order);
}
