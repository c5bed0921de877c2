/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* runtimeConfig.portMappings of a configuration (https://www.cni.dev/docs/conventions/). */

#include "cni-plugin.h"
#include "nat.h"

/* Those with host port 0 are left out, as the reference does. Allocated. 0, or a negative errno after
 * cni_fail. */
int port_mappings_read(CniCall *c, NatPort **ret, size_t *ret_n);
