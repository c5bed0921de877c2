/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

/* Lines for files of a cgroup ("memory.max=1048576") as properties of its unit, appended to an open array of
 * (sv). *ret_tasks: the number of tasks is among them. What systemd has no property for is left out. */
int scope_limits_append(sd_bus_message *m, char *const *limits, bool *ret_tasks);
