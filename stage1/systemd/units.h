/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan.h"

/* The units of the pod's apps, and the target that wants them, in the pod's /run/systemd/system. Logs. */
int units_write(const Plan *p);

/* That of an app which comes to a running pod, and goes again. Logs. */
int units_write_app(const char *uuid, const PlanApp *a);
void units_remove_app(const char *name);
