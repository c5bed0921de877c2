/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The other side of the agent's socket (agent-protocol.h). */

#include "agent-protocol.h"

/* Connects and sends. Returns the connection. Logs. */
int client_send(const char *request);
int client_send_on(int fd, const char *request);
/* Waits for an int. Logs. */
int client_receive(int fd, int *ret);
