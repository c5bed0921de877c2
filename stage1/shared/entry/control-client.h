/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The host's side of the socket at which a mutable pod takes orders (control-message.h). Working directory:
 * the pod's. */

#include "control-message.h"

/* Logs; -ESRCH when nobody listens: the pod has ended, or was not started as a mutable one. */
int control_connect(void);

/* Gives the order, with the value that it takes, and waits for the answer: 0 or what PID 1 could not do,
 * which has been logged. */
int control_ask(int socket, ControlKind kind, int value, const char *app);
