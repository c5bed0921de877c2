/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "isolator.h"
#include "plan-compile.h"

/* The filter of an app: the default, what its isolator says, or none. A set that nobody has asked for before
 * is compiled by rkt-seccomp. Logs. */
int plan_compile_seccomp(const PlanRequest *q, const IsolatorList *l, PlanApp *a);
