/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Addresses that the caller wants: IP in CNI_ARGS, args.cni.ips, and the capability ips. */

#include "cni-plugin.h"
#include "ipam-range.h"

typedef struct RequestedAddress {
        IpAddress address;
        int length; /* of the prefix, -1: not said */
} RequestedAddress;

typedef struct RequestedAddresses {
        RequestedAddress *addresses;
        size_t n;
} RequestedAddresses;

void requested_addresses_done(RequestedAddresses *l);
int requested_addresses_read(CniCall *c, RequestedAddresses *l);
/* Takes the first one that is in the set out of the list. */
bool requested_addresses_take(RequestedAddresses *l, const IpRangeSet *set, IpAddress *ret);
int requested_addresses_check_all_taken(CniCall *c, const RequestedAddresses *l);
