/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the command line of every flavour's run has alike. The first two log; -EINVAL. */

#include "plan-compile.h"

int run_arguments_uuid(char **arguments, char ret[static UUID_STRING_SIZE]);
/* --dns-conf-mode; NULL or empty: as q is. */
int run_arguments_dns_mode(const char *modes, PlanRequest *q);
/* Everyone can read a command line, and the token of --mds-token is a secret: once it has been parsed. */
void run_arguments_hide_token(int argc, char **argv);
