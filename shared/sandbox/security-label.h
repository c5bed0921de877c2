/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Labels of the security modules SELinux and AppArmor, through the files of proc that their libraries use,
 * too. */

#include <stdbool.h>

bool security_has_selinux(void);
bool security_has_apparmor(void);

/* What the next execve of this process changes to. proc must be the kernel's, and neither credentials nor
 * no_new_privs changed yet. */
int security_set_selinux(const char *context);
int security_set_apparmor(const char *profile);
