/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the command line of every flavour's run has alike. Both log; -EINVAL. */

#include "plan-compile.h"

int run_arguments_uuid(char **arguments, char ret[static UUID_STRING_SIZE]);
/* --dns-conf-mode; NULL or empty: as q is. */
int run_arguments_dns_mode(const char *modes, PlanRequest *q);
