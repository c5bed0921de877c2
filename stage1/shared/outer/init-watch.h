/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A pod whose PID 1 is its image's init has nobody of ours inside. What PID 1 does in other pods, the outer
 * supervisor does: it shows what the init prints to its console, hears that it is ready, records its status.
 */

#include "boot.h"
#include "notify.h"
#include "stream.h"

typedef struct InitWatch {
        const Boot *boot;
        int loop;  /* -1: the pod is another one */
        int slave; /* of the console, which is there whoever closes it or hangs it up; or -1 */
        int notify_fd;
        LoopSource notify_source, watchdog_source;
        Logs logs;
        Stream console;
        bool ready;
} InitWatch;

#define INIT_WATCH_NONE ((InitWatch){ .loop = -1, .slave = -1, .notify_fd = -1, .console.in = -1 })

/* w stays where it is. Does nothing for other pods. Logs. */
int init_watch_start(InitWatch *w, const Boot *b);
/* What PID 1 has sent. The master side of the console is w's, unless the user has it. */
void init_watch_console(InitWatch *w, int master);
void init_watch_notify(InitWatch *w, int fd);
/* PID 1 is pid and is about to be executed. */
void init_watch_started(InitWatch *w, pid_t pid);
/* w->loop is readable. */
void init_watch_turn(InitWatch *w);
/* PID 1 has ended: the last lines, and the status of the pod, by waitpid's. *ret_again: it asks to be booted
 * again (reboot(2)), and nobody has asked us that it stops. */
int init_watch_end(InitWatch *w, int wstatus, bool asked, bool *ret_again);
