/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lock.h"
#include "pod-manifest.h"
#include "pod.h"
#include "request.h"

/* Prepares a pod from pod_request (command line or --pod-manifest): fetches and renders what is missing, and
 * writes the pod's directory (rkt-pod(5)). The pod is in state preparing and locked by us when this returns;
 * a failure is logged and leaves no pod. If uuid_file is given the UUID is written there early. */
int pod_prepare(const PodRequest *q, const char *uuid_file, Pod **ret);

/* What of the apps can be judged before they run: names, capabilities, what they start after. Logs; -EINVAL,
 * -ENAMETOOLONG. */
int pod_apps_check(const PodManifest *m);

/* DATA/locks/prepareLock. While trees are chosen and used by a pod that does not exist yet, which shares it,
 * whoever collects what no pod uses has to wait. Returns the descriptor. Logs. */
int prepare_lock(LockMode mode);

/* preparing → prepared, for run-prepared later: on disk when this returns. Logs; the lock stays held. */
int pod_finish_preparation(Pod *p);

/* A pod that could not be prepared, or was only for looking at, goes away at once; what cannot be removed is
 * left to gc. */
void pod_discard(Pod *p);
