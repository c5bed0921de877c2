/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the service manager of the host is told of the pod and of its apps (sd_notify(3)), by the outer
 * supervisor, which is the one that it knows. */

#include "pod-apps.h"

typedef struct Reports {
        const PodApps *apps;
        int control;          /* to the outer supervisor; not owned */
        uint64_t watchdog_us; /* of the unit; 0: it has none */
        bool ready;           /* it has been told so */
        uint64_t said_alive;  /* when the watchdog last heard of us: monotonic ns */
} Reports;

/* Asks the apps to read their configuration anew. */
void reports_reload(Reports *r);
/* Returns ns until the watchdog is to hear of us; UINT64_MAX: that is not for us to say. */
uint64_t reports_watchdog(Reports *r);
/* Passes on what the apps have said, and that the pod is ready if it is. */
void reports_pass_on(Reports *r, bool ready);
