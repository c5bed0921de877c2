/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "isolator.h"
#include "plan-compile.h"

/* What the isolators of an app make of its sandbox, after its mounts. Logs what cannot be done, and warns of
 * what is left out. */
int plan_compile_isolators(const PlanRequest *q, const IsolatorList *l, int podfd, PlanApp *a);
/* The same for those of the pod, after its apps. */
int plan_compile_pod_isolators(const PlanRequest *q, const IsolatorList *l, int podfd, Plan *p);
