/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The socket to which those connect who attach to an app (attach-message.h). */

#include "plan.h"

/* Listening at ATTACH_SOCKET in stage1/rootfs of the working directory, which is the pod's; of root and the
 * group that the pod's directory has. *ret is -1 if no app has anything to attach to. Logs. */
int attach_socket_open(const Plan *p, int pod, int *ret);
