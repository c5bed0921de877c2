/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Signals that end a process (SIGINT, SIGTERM, SIGHUP), while there is something to be cleaned up: they are
 * noted, and what waits fails with EINTR; the last release then ends the process as the signal would have.
 */

#include <stdbool.h>

void import_signals_hold(void); /* once for each import */
void import_signals_release(void);

/* Whether one has come. */
bool import_interrupted(void);
/* Waits until fd is readable. -EINTR when one has come, even right before the wait. */
int import_wait(int fd);
