/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the outer supervisor hands to PID 1, which is a fork of it: there is one program, so its pages are
 * shared, and PID 1 need not be executed and told everything again. */

#include "cgroup1.h"
#include "plan.h"
#include "sockets.h"

typedef struct Boot {
        const Plan *plan;
        int pod;              /* the pod directory: also its lock */
        int stage1;           /* PID 1's root, stage1/rootfs in the pod directory */
        int control;          /* seqpacket socket to the other side */
        int sources;          /* in a user namespace: socket that brings the mounts; else -1 */
        int user_namespace;   /* where mounts are made for one: its descriptor; else -1 */
        int console;          /* what rkt run prints to, opened anew where it can be */
        CgroupLayout cgroups; /* of the host */
        bool terminal;        /* an interactive app gets a terminal of its own */
        bool debug;
        const char *programs;      /* the directory of the flavour's programs, on the host */
        bool credentials;          /* the unit has some for the apps */
        uint64_t watchdog_us;      /* the unit's watchdog; 0: none */
        int attach;                /* listening socket of those who attach; -1: nothing to attach to */
        int log_requests;          /* socket to who opens the apps' log files; -1: there are none */
        const AppSockets *sockets; /* as Plan.apps; NULL: the unit has none */
} Boot;

/* Messages on the control socket: one byte each, but for those that may have text behind it. */
#define BOOT_MESSAGE_MAX 1024
typedef enum BootMessage {
        /* To PID 1: it is in its cgroup, apps may start. With the value of AC_METADATA_URL behind it, if
         * that has become known only now. */
        BOOT_GO = 'g',
        BOOT_GO_WITHOUT_CGROUP = 'n', /* the same on a host without cgroups */
        BOOT_TERMINAL = 't',          /* from PID 1, with the master side of the app's terminal */
        BOOT_NOTIFY = 'y',            /* from PID 1, with the socket at which its image's init tells */
        BOOT_READY = 'r',             /* from PID 1: every app is ready */
        BOOT_STATUS = 'w',            /* from PID 1, with the words of an app about itself behind it */
        BOOT_EVENT = 'e',             /* from PID 1, with what happened to an app behind it: event.h */
        BOOT_SAY = 'm',               /* from PID 1, with what the service manager is to be told behind it */
        BOOT_STARTED = 's', /* from PID 1: the apps have been started, and it has its cgroup namespace */
        /* To PID 1's agent, where PID 1 is a service manager whose own signals mean something else. */
        BOOT_STOP = 'q',
        BOOT_RELOAD = 'u',
        BOOT_ROTATE = 'l', /* the log files have been moved */
} BootMessage;
