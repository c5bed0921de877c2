/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "isolator.h"

/* The first name of the app's capability isolators that is no capability, so that a pod is refused when it
 * is prepared rather than when it starts; NULL if there is none. *ret_isolator: whose name it is. */
const char *capability_check(const IsolatorList *l, const Isolator **ret_isolator);
