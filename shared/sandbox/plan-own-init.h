/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "own-init.h"
#include "plan.h"
#include "pod-manifest.h"

/* What is different in a pod whose only app is its PID 1; refuses what such a pod cannot have. Logs. */
int plan_compile_own_init(const PodManifest *m, Plan *p);
