/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The watchdog of the unit that the pod is in: sd_watchdog_enabled(3). */

#include <stdint.h>

/* Microseconds within which the service manager wants to hear of this process; 0: it does not. */
uint64_t watchdog_interval_us(void);
