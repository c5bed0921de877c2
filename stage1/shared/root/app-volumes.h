/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod-root.h"

/* Mounts the volumes of an app below root, the app's: one at /a before one at /a/b, whatever order they come
 * in and whatever links lead there. Logs failures. */
int app_volumes_mount(int root, const PlanApp *a, const AppSources *sources);
