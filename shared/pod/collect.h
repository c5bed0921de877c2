/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Ending and removing pods: what stop, rm and gc share. All log failures. */

#include "pod.h"

/* exited → exited-garbage, aborted prepare → garbage, prepared → garbage; needs the pod's lock, takes it if
 * it is not held. -EBUSY when the pod is in use. With sync, the move is on disk when this returns. */
int pod_mark_garbage(Pod *p, bool sync);

/* Removes a pod that lies in a garbage place: the stage1's gc entry point, then the files. Takes the lock;
 * -EBUSY when somebody else is at it. */
int pod_collect(Pod *p);

/* Asks the stage1 to stop the pod. -EOPNOTSUPP if it cannot. */
int pod_stop(const Pod *p, bool force);
