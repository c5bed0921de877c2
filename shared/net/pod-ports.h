/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The ports that a pod publishes. */

#include "published-ports.h"

/* podfd: the pod's directory, for apps whose section is only in the manifests of their images; it is copied
 * into m. As published_ports_resolve otherwise. Logs; -EINVAL. */
int pod_ports_read(PodManifest *m, int podfd, PublishedPort **ret, size_t *ret_n);
/* As the argument of CNI's capability "portMappings"; NULL if there are none. */
json_object *pod_ports_mappings(const PublishedPort *ports, size_t n);
