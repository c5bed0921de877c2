/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#define SYSTEMD "/usr/lib/systemd/systemd"

/* PID 1 executes the pod's systemd. Returns only if that fails. */
void become_systemd(char *const *environment, bool debug);
