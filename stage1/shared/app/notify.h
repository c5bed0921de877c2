/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The socket at which an app tells how it fares: sd_notify(3). Each such app has its own, in its root alone,
 * so that nobody has to be asked who he is. */

#include <stdbool.h>
#include <stddef.h>

#include "loop.h"

/* In PID 1's root; by number, as an app's name may be too long for the address of a socket. */
#define NOTIFY_PATH "/run/rkt/notify/%zu"

typedef struct Notify {
        int fd; /* -1: none */
        size_t number;
        LoopSource source;
        bool ready;     /* READY=1 was said */
        bool alive;     /* WATCHDOG=1 was said, until the reader takes it */
        bool reloading; /* the same, RELOADING=1 */
        bool trigger;   /* WATCHDOG=trigger */
        char *status;   /* STATUS=… */
        char *extend;   /* EXTEND_TIMEOUT_USEC=… */
        /* What else is to know of a message; NULL: nobody. */
        void (*pass_on)(void *userdata, const char *text);
        void *userdata;
} Notify;

#define NOTIFY_NONE ((Notify){ .fd = -1, .source.fd = -1 })

/* number: of the app, which no other has had. */
int notify_open(Notify *n, size_t number);
/* n must stay where it is from now on. */
void notify_watch(Notify *n, int loop);
void notify_close(Notify *n, int loop);
