/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The process beside systemd that does in a pod what PID 1 does where there is no systemd: it has the apps'
 * roots and pipes, writes their logs and statuses, and tells the host. */

#include "flavour.h"
#include "orders.h"
#include "pod-apps.h"

struct Agent {
        const Plan *plan;
        int socket; /* at AGENT_SOCKET */
        PodApps *apps;
        LoopSource source;
        Orders orders;
        bool ended; /* systemd has, and waits for our last words */
};

/* The socket, before systemd starts. Logs. */
int agent_listen(Agent *a);

/* It has nothing to ask systemd for, and in a pod that apps come to must not yet. */
void agent_open_orders(Agent *a);
/* systemd has started, for the first time or again: then it has ended the apps that came to the pod, and
 * those that were wanted are still. */
void agent_take_orders(Agent *a);

/* Those of Manager. */
int agent_attend(Agent *a, PodApps *apps);
void agent_let_go(Agent *a, App *app);
int agent_add(Agent *a, App *app);
void agent_remove(Agent *a, App *app);
void agent_start_app(Agent *a, App *app);
void agent_stop_app(Agent *a, App *app);
bool agent_is_asked(const Agent *a, const App *app);
void agent_process_ended(Agent *a, pid_t pid, int code, int status);
bool agent_is_up(const Agent *a);
bool agent_has_ended(const Agent *a);
void agent_stop(Agent *a);
bool agent_starts_again(Agent *a);
_noreturn_ void agent_end(Agent *a, int status);
