/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan.h"

/* Fills the volumes of an app that begin with what its image has at their place and are empty yet: content,
 * owners and modes. root is the app's root, mounts those of PlanApp.mounts, neither of which need be
 * attached; the host's /proc and its cp(1) must be in reach. Logs. */
int volume_fill(const PlanApp *a, int root, const int *mounts);
