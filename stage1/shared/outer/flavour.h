/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What one flavour of stage1 that runs pods in namespaces has different from the other. */

#include "boot.h"

struct App;
struct PodApps;
struct PodRoot;
typedef struct Agent Agent;

/* A service manager that PID 1 becomes once the pod's root is there. It starts the processes of the apps;
 * what PID 1 does otherwise in a pod, a process beside it goes on doing: its agent. */
typedef struct Manager {
        /* In PID 1, in its root, before it is known whether the pod will run: files for the manager. Logs.
         */
        int (*prepare)(const Boot *b, struct PodRoot *root);
        /* In its cgroup, PID 1 becomes the manager. Returns in the agent only. Logs. */
        int (*start)(const Boot *b, Agent **ret);
        /* What the manager runs for the apps reports to the agent from now on. Logs. */
        int (*attend)(Agent *a, struct PodApps *apps);
        /* The app has begun a phase whose process may run: it waits in the app's cgroup, or will. */
        void (*let_go)(Agent *a, struct App *app);
        /* An app that came to a running pod may be started; and goes again. Logs. */
        int (*add)(Agent *a, struct App *app);
        void (*remove)(Agent *a, struct App *app);
        /* Asks the manager for the app: to start one that came to a running pod, or that was stopped here to
         * be started again; and to stop one that came, which is over when its phase is APP_DONE. */
        void (*start_app)(Agent *a, struct App *app);
        void (*stop_app)(Agent *a, struct App *app);
        /* It has been asked, and has not answered yet. */
        bool (*is_asked)(const Agent *a, const struct App *app);
        /* Of the agent's children, one that is no app's. */
        void (*process_ended)(Agent *a, pid_t pid, int code, int status);
        /* It takes orders. */
        bool (*is_up)(const Agent *a);
        /* It has ended the apps, whatever is wanted here. */
        bool (*has_ended)(const Agent *a);
        /* Asks the manager to stop every app and to end. */
        void (*stop)(Agent *a);
        /* Every app has ended: whether the manager starts again, and they with it. */
        bool (*starts_again)(Agent *a);
        /* Every app has ended: the manager is to end now, and with it the pod and its agent. */
        _noreturn_ void (*end)(Agent *a, int status);
} Manager;

typedef struct Flavour {
        const char *name;
        const Manager *manager;      /* NULL: PID 1 runs the apps itself */
        int (*check)(const Plan *p); /* refuses what it cannot do; NULL: it can do everything. Logs */
} Flavour;

/* Each program run has one. */
extern const Flavour flavour;
