/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Plugins that are other programs, called by a plugin with its own environment and configuration. */

#include "cni-plugin.h"

int ipam_program_add(CniCall *c, const char *type, CniResult *result);
int ipam_program_run(CniCall *c, const char *type, const char *command);
/* With another configuration; text is JSON. The output is handed on as it is. Allocated; NULL for none. */
int ipam_program_output(CniCall *c, const char *type, const char *command, const char *text, char **ret);
