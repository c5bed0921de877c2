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

/* For nat_collect: false for what is of this network and of no valid attachment; data is the call. */
bool nat_config_is_valid(const NatOwner *o, void *data);
/* GC: what belongs to attachments of this network that are not valid any more. */
int nat_config_gc(CniCall *c);
