/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Pods whose apps come and go while they run (rkt-app(1)). Whoever changes which apps a pod has holds the
 * lock of the file pod.lck in its directory. The pod manifest is the truth: an app is entered when its files
 * are there, and crossed out when they may go, so that a command that is killed can be given again. All
 * functions log their failures. */

#include "image-manifest.h"
#include "pod-manifest.h"
#include "pod.h"
#include "request.h"

/* "true" in the annotations of the pod manifest. */
#define POD_MUTABLE_ANNOTATION "coreos.com/rkt/stage1/mutable"

/* What a stage1 says beside the exit status of an app of such a pod, as the times of files. */
#define POD_APP_CREATED "stage1/rootfs/rkt/status/%s-created"
#define POD_APP_STARTED "stage1/rootfs/rkt/status/%s-started"

bool pod_manifest_is_mutable(const PodManifest *m);
/* -EOPNOTSUPP unless the stage1 has the entry points. */
int pod_mutable_check_stage1(const ImageManifest *stage1);

/* Adds the only app of the request, whose image the store has. */
int pod_app_add(Pod *p, const PodRequest *q);
/* wait: how long it waits for the app to be ready, as --wait-ready of rkt-app(1); NULL: as the stage1 does.
 */
int pod_app_start(Pod *p, const char *name, const char *wait);
int pod_app_stop(Pod *p, const char *name);
/* Stops it if it runs. In a pod that has ended, too. */
int pod_app_remove(Pod *p, const char *name);
