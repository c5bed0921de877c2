/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the agent asks systemd to do with the apps' units, by systemctl(1), which runs beside us: for each
 * app one after the other, and of those that wait for their turn only the last. */

#include <stdbool.h>
#include <sys/types.h>

#include "app.h"

typedef enum OrderKind {
        ORDER_NONE,
        ORDER_START, /* has been carried out when systemd has taken it */
        ORDER_STOP,  /* when the app's unit has ended */
} OrderKind;

typedef struct Order Order;

typedef struct Orders {
        bool held; /* systemd does not take any yet */
        Order *first;
        /* One has been carried out, or has failed, as systemctl has said. last: nothing else has been asked
         * for the app. */
        void (*done)(App *a, OrderKind kind, bool failed, bool last);
} Orders;

void orders_give(Orders *o, App *a, OrderKind kind);
/* Those that were held are given now. */
void orders_release(Orders *o);
bool orders_has(const Orders *o, const App *a);
/* An app that goes has none any more. */
void orders_forget(Orders *o, const App *a);
/* One of our children has ended, with waitid's code and status. */
void orders_process_ended(Orders *o, pid_t pid, int code, int status);
