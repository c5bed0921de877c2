/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* ipMasq of bridge and ptp: what leaves the container's network takes the host's address. */

#include "cni-interface.h"

int masquerade_add(CniCall *c, const CniResult *result);
/* Whether the rules for the addresses of prevResult are there. */
int masquerade_check(CniCall *c);
/* Undoes it for the attachment. */
int masquerade_del(CniCall *c);
/* Undoes it for all attachments of the network that cni_call_is_valid_attachment does not know. */
int masquerade_gc(CniCall *c);
