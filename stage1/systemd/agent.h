/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The process beside systemd that does in a pod what PID 1 does where there is no systemd: it has the apps'
 * roots and pipes, writes their logs and statuses, and tells the host. */

#include "flavour.h"
#include "pod-apps.h"

struct Agent {
        const Plan *plan;
        int socket; /* at AGENT_SOCKET */
        PodApps *apps;
        LoopSource source;
};

/* The socket, before systemd starts. Logs. */
int agent_listen(Agent *a);

/* Those of Manager. */
int agent_attend(Agent *a, PodApps *apps);
void agent_let_go(Agent *a, App *app);
void agent_start_again(Agent *a, App *app);
void agent_stop(Agent *a);
bool agent_starts_again(Agent *a);
_noreturn_ void agent_end(Agent *a, int status);
