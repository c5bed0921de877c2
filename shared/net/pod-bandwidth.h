/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The isolator resource/network-bandwidth (appc spec), which the plugin bandwidth enforces at the host's end
 * of a pod's links, out of the reach of its apps. */

#include "cni-config.h"
#include "pod-manifest.h"

/* Bytes a second that a pod may receive, and as many that it may send; 0: no limit. Apps share the
 * interfaces of their pod, so an app's isolator counts for an only app; for others, that it does not is
 * logged. */
uint64_t pod_bandwidth(const PodManifest *m);

/* Has the network's plugins enforce a limit, which is not 0: gives it to those that say that they can, in
 * capabilities, or adds ours. -EOPNOTSUPP if the pod has no pair of links there. */
int pod_bandwidth_add(CniNetwork *n, json_object *capabilities, uint64_t limit);
