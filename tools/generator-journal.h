/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where a generator complains: to the journal, before that runs to the kernel's log. Its standard error is
 * nobody's to read. */

#include "podfile.h"

/* unit: that there is none of because of it. */
void generator_journal(const PodfileProblem *problem, const char *unit);
