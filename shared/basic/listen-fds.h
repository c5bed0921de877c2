/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Sockets that the service manager has opened for this process: sd_listen_fds(3). They are descriptors 3 and
 * on. */

#include <stdbool.h>
#include <stddef.h>

#define LISTEN_FDS_START 3
#define LISTEN_FDS_MAX   1024

/* How many there are; none if they are meant for another process. */
size_t listen_fds_count(void);

/* Whether what this process executes has them, too. A program that is to be replaced by the one that they
 * are for keeps them from its children until then. */
void listen_fds_close_on_exec(bool on);
