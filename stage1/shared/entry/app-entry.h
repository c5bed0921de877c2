/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the entry points that change a running pod do beside telling PID 1. Working directory: the pod's;
 * nobody else changes the pod meanwhile, for which stage0 holds a lock. All log their failures. */

#include <stdbool.h>

typedef struct AppEntry {
        char *uuid, *app;
        bool all_capabilities, all_paths, no_seccomp; /* beside what the pod was started with */
} AppEntry;

/* Makes what the app is made of, which takes the host's privileges, and hands it to PID 1. */
int app_entry_add(const AppEntry *e);
/* Has PID 1 let go of the app, which it stops if it must, and forgets it. */
int app_entry_remove(const char *app);
/* Takes the app, which PID 1 does not have any more, out of the pod's plan, and removes the volumes that
 * were its alone. Also if there is no such app. */
int app_entry_forget(const char *app);
