/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The descriptor at which the supervisor of a pod holds its directory, and by that its lock: what has the
 * pod's directory there is the pod's supervisor, whatever number it has. */
#define FLY_LOCK_FD 3

/* Queued to the supervisor with this value, the signal is not for the app: whatever runs now is killed. */
#define FLY_KILL_SIGNAL (SIGRTMIN + 1)
#define FLY_KILL_VALUE  0x666c79
