/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The apps that PID 1 has: those of its plan, and in a pod that is mutable those that come later. */

#include "app.h"

typedef struct PodApps {
        Logs *logs;
        int loop;
        int terminal; /* interactive on a terminal: the app's side of it; or -1 */
        App **items;  /* in the order in which they start; each stays where it is */
        size_t n;
        size_t numbered; /* how many there have ever been: an app's number is never given again */
} PodApps;

/* Makes the app at index of b->plan, with its root, its pipes and its socket for notifications, so that it
 * can be started. The plan and root must outlive it. Logs failures. */
int pod_apps_add(PodApps *p, const Boot *b, const PodRoot *root, size_t index, App **ret);

/* One that does not run goes, with all that it has. */
void pod_apps_remove(PodApps *p, App *a);

/* NULL if there is none. */
App *pod_apps_find(const PodApps *p, const char *name);
App *pod_apps_find_process(const PodApps *p, pid_t pid);

bool pod_apps_are_ready(const PodApps *p);
bool pod_apps_are_done(const PodApps *p);
