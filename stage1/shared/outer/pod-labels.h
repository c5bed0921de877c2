/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan.h"

/* Gives the pod's files the label that its apps may use, and what this process and its forks create from now
 * on. Named volumes and those of the host keep theirs: others may use them, too. Does nothing for a pod
 * without a label. Logs. */
int pod_labels_set(const Plan *p, int pod);
/* The same for an app that a running pod gets, of which p is the plan. */
int pod_labels_set_app(const Plan *p, int pod);
