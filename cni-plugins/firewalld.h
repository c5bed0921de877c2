/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Leave for pods to pass a host that firewalld keeps: their addresses are sources of one of its zones, for
 * as long as it runs and is not reloaded. See firewalld.dbus(5), org.fedoraproject.FirewallD1.zone.
 *
 * firewalld is never started by this, though the bus could do so: that would close hosts whose administrator
 * has stopped it. All return 0, or -ESRCH if it does not run or cannot be asked, or another negative errno;
 * with what went wrong in *ret_error (allocated). */

#include <stdbool.h>
#include <stddef.h>

#include "ip-address.h"

/* Whether firewalld takes the name for a zone's: letters, digits, "_", "-", and one "/" inside. */
bool firewalld_zone_is_valid(const char *zone);

/* Those that are in the zone already stay; if one cannot be added, none is. */
int firewalld_allow(const char *zone, const IpPrefix *addresses, size_t n, char **ret_error);
/* Those that are not in the zone, or have no zone any more, are fine. */
int firewalld_forget(const char *zone, const IpPrefix *addresses, size_t n, char **ret_error);
/* -ENOENT if one is not in the zone. */
int firewalld_check(const char *zone, const IpPrefix *addresses, size_t n, char **ret_error);
