/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Pods that rkt has registered with the metadata service (rkt-metadata-service(1)). Where a pod in networks
 * of its own reaches the service, is known only once it has joined them: at its host's address there. */

#include "plan.h"

struct RunOptions;
typedef struct Metadata Metadata;

/* Borrows all; NULL if the pod is not registered. Lives as long as the process. */
Metadata *metadata_new(const struct RunOptions *o, Plan *plan, int pod, int stage1);

/* Sets the apps' AC_METADATA_URL in the plan and writes down what holds it. host: an address; NULL: the pod
 * reaches none, which is warned of. Returns the URL, borrowed, or NULL. */
const char *metadata_settle(Metadata *m, const char *host);
/* The pod has ended: begins to have the service forget it, and waits for that. What fails is left to gc. */
void metadata_leave(Metadata *m);
void metadata_done(Metadata *m);
