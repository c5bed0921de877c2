/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan.h"

/* Mounts the tmpfs of a volume on its directory below pod, the pod's. attributes: MOUNT_ATTR_…. Logs. */
int volume_tmpfs_mount(const PlanVolume *v, int pod, uint64_t attributes, const char *label);
