/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the agent asks systemd for: to start again what was stopped here, and all of the apps that come to a
 * running pod. */

#include <signal.h>
#include <unistd.h>

#include "agent-protocol.h"
#include "agent.h"
#include "alloc.h"
#include "health.h"
#include "notify-forward.h"
#include "units.h"

int agent_add(Agent *agent, App *a) {
        int r = units_write_app(agent->plan->uuid, a->plan);
        if (r < 0)
                return r;
        a->agent = agent;
        notify_forward(a);
        return 0;
}

/* To the manager it has just ended, if it is not new. One that is about to start again would refuse: it says
 * when it is there, and where no apps come it starts them itself. */
void agent_start_app(Agent *agent, App *a) {
        if (agent->plan->mutable && access(AGENT_REBOOT, F_OK) >= 0)
                agent->orders.held = true;
        orders_give(&agent->orders, a, ORDER_START);
}

/* systemd gives it its time, and kills it then. */
void agent_stop_app(Agent *agent, App *a) {
        app_expect_stop(a);
        health_end(a->health);
        orders_give(&agent->orders, a, ORDER_STOP);
}

bool agent_is_asked(const Agent *agent, const App *a) {
        return orders_has(&agent->orders, a);
}

bool agent_is_up(const Agent *agent) {
        return !agent->orders.held;
}

void agent_process_ended(Agent *agent, pid_t pid, int code, int status) {
        orders_process_ended(&agent->orders, pid, code, status);
}

/* There is nothing of it any more that could tell us of its end. */
static void end_app(App *a) {
        while (a->phase != APP_DONE && a->phase != APP_WAITING) {
                app_drain(a);
                app_process_ended(a, CLD_KILLED, SIGKILL);
        }
}

static void on_order_done(App *a, OrderKind kind, bool failed, bool last) {
        if (kind == ORDER_STOP && failed && a->pid > 0)
                app_ask_to_stop(a);
        else if (kind == ORDER_STOP && last)
                end_app(a);
        else if (kind == ORDER_START && failed && a->pid <= 0 && a->phase != APP_DONE &&
                        a->phase != APP_WAITING)
                app_not_started(a, xstrdup("systemd does not start it"));
}

void agent_take_orders(Agent *agent) {
        unlink(AGENT_REBOOT);
        for (size_t i = 0; i < agent->apps->n; i++) {
                App *a = agent->apps->items[i];
                if (!a->own_plan || orders_has(&agent->orders, a))
                        continue;
                end_app(a);
                if (a->wanted)
                        app_reset(a);
        }
        orders_release(&agent->orders);
}

void agent_open_orders(Agent *agent) {
        agent->orders = (Orders){ .held = agent->plan->mutable, .done = on_order_done };
}
