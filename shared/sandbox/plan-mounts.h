/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan-compile.h"

/* Matches the mounts and mount points of an app with volumes (appc spec, "Volumes"): a mount names its
 * volume or brings its own; a mount point of the image that no mount covers takes the volume of its name,
 * else an empty one of its own. Adds to a->mounts and to p->volumes. */
int plan_compile_mounts(const PodManifest *m, const RuntimeApp *ra, const App *app, Plan *p, PlanApp *a);
