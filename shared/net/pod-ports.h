/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The ports that a pod publishes, as the argument of CNI's capability "portMappings". */

#include "pod-manifest.h"

/* podfd: the pod's directory, for the manifests of images. *ret is an array, NULL if nothing is published.
 * Each exposed port is that of its name in exactly one app, or has its own; ports whose socket the host
 * listens on are left out. Logs; -EINVAL. */
int pod_ports_mappings(const PodManifest *m, int podfd, json_object **ret);
