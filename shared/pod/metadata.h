/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Pods and the metadata service (rkt-metadata-service(1)). What talks to it is a program of its own, which
 * is started for pods that are registered and for no others. */

#include "pod.h"

/* Whether there is a service, which has itself started by the question. Logs; -errno. */
int pod_metadata_check(void);
/* Registers the pod, which is locked by us, with its apps under a new token (allocated). Logs; -errno. */
int pod_metadata_register(const Pod *p, char **ret_token);
/* Has the service forget the pod, if it was registered. It has been logged if that did not work. */
void pod_metadata_forget(const Pod *p);
