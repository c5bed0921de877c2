/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dhcp-request.h"

/* Has rkt note that an interface has got another address, if its container is a pod: nobody asks the plugin
 * again. The daemon goes on meanwhile; SIGCHLD is ignored. */
void dhcp_announce(const CniCall *c, const CniResult *result);
