/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Addresses for an interface: what the ipam member of a configuration asks for. host-local and static are
 * done in this process; other types are programs, found through CNI_PATH. All return 0, or a negative errno
 * after cni_fail. */

#include "cni-plugin.h"

/* The type of ipam, or NULL if the configuration wants no addresses. */
int ipam_type(CniCall *c, const char **ret);

/* Fills in addresses, routes and DNS; at least one address. */
int ipam_add(CniCall *c, CniResult *result);
int ipam_del(CniCall *c);
/* Whether DEL needs the interface still: dhcp tells its server over it that the address is free. */
bool ipam_goes_first(CniCall *c);
int ipam_check(CniCall *c);
int ipam_status(CniCall *c);
int ipam_gc(CniCall *c);

/* The types that are done here, as plugins of their own. */
extern const CniPlugin ipam_host_local;
extern const CniPlugin ipam_static;
