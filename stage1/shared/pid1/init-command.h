/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan.h"

/* What is executed as the init in the app's root: what the app says or, where that is but the default, the
 * first that the image has of the usual places. A strv, or NULL after logging. */
char **init_command(const PlanApp *a, int root);
