/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether an app that runs also works: a program of its own that is executed in its sandbox from time to
 * time and tells by its exit status. All functions take NULL, for an app without a check. */

#include "app.h"

/* NULL: the app has no check. */
Health *health_new(App *a);

/* The app has been executed: from now on it is checked. */
void health_begin(Health *h);
/* It has ended, or is to end: a check that runs is killed, and is not followed by another. */
void health_end(Health *h);
/* Of an app that goes. */
void health_free(Health *h);

/* Starts and kills the check whose time that is. Returns ns until it is time again; UINT64_MAX: never. */
uint64_t health_look_after(Health *h);
/* Whether it was the process of the check that has ended, with waitid's code and status. To be called before
 * it is reaped, while nobody else can have its number. */
bool health_process_ended(Health *h, pid_t pid, int code, int status);

bool health_is_good(const Health *h);
/* The app is unhealthy, and nothing but the watchdog of the pod's unit will do something about it. */
bool health_needs_watchdog(const Health *h);
