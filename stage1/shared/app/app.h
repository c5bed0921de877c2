/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An app of the pod in the life of PID 1: pre-start hook, main process, post-stop hook, one after the other,
 * and again if that is its policy. */

#include <stdbool.h>
#include <stdint.h>

#include "app-root.h"
#include "cgroup1.h"
#include "event.h"
#include "notify.h"
#include "stream.h"
#include "users.h"

typedef enum AppPhase {
        APP_WAITING, /* for its turn, or to be started again */
        APP_PRE_START,
        APP_MAIN,
        APP_POST_STOP,
        APP_DONE,
} AppPhase;

typedef struct Health Health;

typedef struct App {
        const PlanApp *plan;
        AppRoot root;
        User user;
        char *problem; /* why it cannot be started at all; NULL: nothing */
        char **environment;
        int cgroup;          /* its directory; -1: no cgroups here */
        Cgroup1 cgroup1;     /* what it has of v1 */
        int device_policy;   /* a program for its cgroup; or -errno */
        DeviceRule *devices; /* the same for v1 */
        size_t n_devices;
        bool devices_guarded; /* it is in force */
        bool completed;       /* the mount namespace has what only the first process can add */
        Logs *logs;
        int loop;
        int control;         /* socket to the other side, which tells the host what happens */
        struct Agent *agent; /* a manager starts its processes (flavour.h); NULL: we do */
        Stream streams[2];
        RateLimit log_limit;       /* of both */
        const AppSockets *sockets; /* of the unit; NULL: none */
        int terminal;              /* the app's side of its terminal, if it has one; or -1 */
        int master;                /* our side of it, if it is for those who attach; or -1 */
        int input;                 /* the app's side of the pipe of those who attach, for a moment; or -1 */
        AttachPoint point;         /* if it has something to attach to */
        LogFile file;              /* if it has one */

        AppPhase phase;
        pid_t pid;   /* of the process of this phase */
        int failure; /* says why the program could not be executed; -1: it was */
        LoopSource failure_source;
        bool started;                       /* the main program has been executed, or has failed to */
        uint64_t oom_kills;                 /* of its processes, since the pod began */
        int status;                         /* exit status of the app, 128 + N for a signal */
        bool failed;                        /* its end is a failure of the pod */
        uint64_t stop_asked, stop_deadline; /* monotonic ns; 0: nobody has asked */
        int stop_signal;                    /* that it was sent then */
        int signal;                         /* that ended it; 0: none */
        bool oom_killed;                    /* by the kernel, it or a process of its */
        uint64_t began;                     /* monotonic ns */
        bool again;                         /* it is started again once its post-stop hook has ended */
        bool restart_asked;                 /* it is stopped to be started again */
        bool given_up;                      /* it is stopped because it does not work */
        uint64_t start_at;                  /* APP_WAITING: not before, monotonic ns */
        uint64_t restarts, quick;           /* how often, and how often since it last ran well */
        Notify notify;                      /* of plan->life.notify */
        Health *health;                     /* of plan->life.health; NULL: it is not checked */
        char *unexecuted;                   /* why its program was not, the last time; NULL: it was */
        bool wanted;    /* in a mutable pod: it has been started, and nobody has stopped it */
        Plan *own_plan; /* that it came with; NULL: it is of the pod's */
} App;

/* What no phase changes: user, environment, filter, devices, streams. Logs failures. */
int app_prepare(App *a, const PlanApp *plan, const IdRange *users, const AppRoot *root,
                const AppSources *sources, Logs *logs, int loop);
/* Sets a variable whatever the image says; value NULL: takes it away. */
void app_set_variable(App *a, const char *name, const char *value);
/* The file rkt/env/APP, from which enter takes the environment. */
int app_write_environment(const App *a);

/* To the beginning of its life: it waits for its turn. */
void app_reset(App *a);
/* Begins with the hook, or with the main process if there is none. Failures end the app with a status. */
void app_start(App *a);
/* It has been executed, or it has said that it is ready if it is one that does. */
bool app_is_ready(const App *a);
/* For a manager that starts the process of the phase: before that what it is to have of those who attach
 * (-errno), and after; and that it has. failure is as process_start's. */
int app_open_input(App *a);
void app_close_input(App *a);
void app_adopt(App *a, pid_t pid, int failure);
/* It has not come to that: why is allocated, and the app's from now on. */
void app_not_started(App *a, char *why);
/* Its process has ended, with waitid's code and status; the next phase begins. */
void app_process_ended(App *a, int code, int status);
/* Takes the lines that are in its pipes: while the process that wrote them can still be named. Returns
 * whether nothing is left, which the logs may not take yet. */
bool app_drain(App *a);
/* Tells those who are attached to an app that has ended, once they have had all its output. */
void app_settle(App *a);
/* Somebody has moved the log files. */
void app_reopen_log(App *a);
/* Sends the stop signal (to whatever runs), and sets the time after which app_kill is due. */
void app_ask_to_stop(App *a);
void app_kill(App *a);
/* The same stop signal, and it is started again whatever its policy. */
void app_ask_to_restart(App *a);
/* The same, and it has failed, however it ends. */
void app_ask_to_stop_as_failed(App *a);
/* Notes that the manager has been asked to stop it. */
void app_expect_stop(App *a);

/* Gives back all that an app which does not run has. */
void app_release(App *a);

/* A line of PID 1 about the app, under its name. */
void app_report(App *a, const char *format, ...) _printf_(2, 3);
/* An event for the host's journal, which the outer supervisor can reach. */
void app_tell(const App *a, EventKind kind, int status, int signal);
/* A word about the app for the service manager of the host. */
void app_say(const App *a, const char *word);
