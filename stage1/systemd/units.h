/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan.h"

/* The units of the pod's apps, and the target that wants them, in the pod's /run/systemd/system. Logs. */
int units_write(const Plan *p);
