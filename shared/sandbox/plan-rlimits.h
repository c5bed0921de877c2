/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan.h"

/* "nofile", "1024:2048" or "1024". -EINVAL with *ret_error. */
int plan_rlimits_add(PlanApp *a, const char *name, const char *text, char **ret_error);
/* Sets them for this process. A hard limit that may not be raised stays what it is, and the soft one is that
 * at most: the host's root may lack CAP_SYS_RESOURCE. */
int plan_rlimits_apply(const PlanApp *a);
