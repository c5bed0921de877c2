/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* The socket that systemd has passed on (sd_listen_fds(3)) or, without one, a new one at path, for root
 * only; a socket of another daemon that does not answer any more is replaced. Logs. */
int dhcp_listener_open(const char *path, bool *ret_activated);
