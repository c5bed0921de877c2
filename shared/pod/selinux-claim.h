/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The labels of a pod on a host that runs SELinux: the policy's contexts for containers with a pair of
 * categories that is the pod's alone on the whole host (whatever --dir is) as long as somebody has the
 * descriptor of the lock. */

#include "selinux-contexts.h"

#define SELINUX_LOCKS "/run/rkt/mcs" /* byte N is locked (F_OFD_SETLK) for the Nth pair */

/* Returns the lock's descriptor. -ENODATA if the host runs no SELinux, or its policy has no contexts for
 * containers (that it names some which it does not have is a warning); libselinux is only loaded if it runs
 * it. Logs other failures. */
int selinux_claim(const char *uuid, SelinuxContexts *ret);
