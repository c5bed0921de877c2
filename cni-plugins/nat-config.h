/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the plugins that translate addresses have in common. Failures are said with cni_fail. */

#include "cni-plugin.h"
#include "nat.h"

/* "nftables" or "iptables" in that member of the configuration; else what the host uses. */
int nat_config_backend(CniCall *c, const char *key, NatBackend *ret);

/* The attachment as an owner: its network, and CONTAINER/INTERFACE, allocated. */
NatOwner nat_config_owner(const CniCall *c);
void nat_owner_done(NatOwner *o);

/* GC: what belongs to attachments of this network that are not valid any more. */
int nat_config_gc(CniCall *c);
