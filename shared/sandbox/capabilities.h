/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Sets of capabilities (capabilities(7)) as masks: bit N is capability number N. */

#include <stdbool.h>
#include <stdint.h>

/* What an app has when nobody says anything else: the 14 of rkt 1.30 and Docker. */
extern const uint64_t capabilities_default;

/* What systemd and its services use in a container (systemd-nspawn(1) leaves the same): of a service manager
 * that is the pod's PID 1. own_network: the pod does not have the host's. */
uint64_t capabilities_of_manager(bool own_network);

/* Every capability that this kernel knows. */
uint64_t capabilities_all(void);

/* "CAP_NET_ADMIN", in any case. -EINVAL with the first unknown name, borrowed from the list. */
int capabilities_from_names(char *const *names, uint64_t *ret, const char **ret_unknown);
char **capabilities_to_names(uint64_t set); /* "CAP_…", by number */

/* Drops from the bounding set what is not in keep, and empties the inheritable and ambient sets: from the
 * next execve on, root has at most keep, and others only what files give them within keep. */
int capabilities_limit(uint64_t keep);
/* Makes the effective set what of this the process is permitted. */
int capabilities_set_effective(uint64_t set);
/* Makes these inheritable and ambient: what a user other than root keeps across execve. They must be
 * permitted. */
int capabilities_set_ambient(uint64_t set);
