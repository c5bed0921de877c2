/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which security modules this host's kernel runs. */

#include <stdbool.h>

bool security_has_selinux(void);
bool security_has_apparmor(void);

/* In a context of SELinux, "USER:ROLE:TYPE:RANGE", what is behind the type; NULL if there is nothing. */
const char *selinux_range(const char *context);
/* The context with another range; allocated. */
char *selinux_with_range(const char *context, const char *range);
