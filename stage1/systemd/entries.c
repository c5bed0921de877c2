/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flavour.h"

/* Of the entry points that change a pod, which leave all that is of a manager to the pod's agent. */
static const Manager manager;

const Flavour flavour = { .name = "systemd", .manager = &manager };
