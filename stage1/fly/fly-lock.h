/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The descriptor at which the supervisor of a pod holds its directory, and by that its lock: what has the
 * pod's directory there is the pod's supervisor, whatever number it has. */
#define FLY_LOCK_FD 3
