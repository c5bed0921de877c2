/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan.h"

/* Apps for which nobody has asked for another value have that of this process, who starts them, not the
 * supervisors', and so has what enters them later. */
void oom_scores_set(Plan *p);
