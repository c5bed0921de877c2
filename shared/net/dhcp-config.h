/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The ipam member of a configuration for dhcp: the reference's keys, and broadcast. */

#include "cni-plugin.h"
#include "dhcp-client.h"

typedef struct DhcpConfig {
        DhcpIdentity identity; /* without the MAC address */
        int64_t priority;      /* of routes; -1: not said */
} DhcpConfig;

/* The client identifier is the attachment's: CONTAINER/NETWORK/INTERFACE. cni_fail. */
int dhcp_config_read(CniCall *c, DhcpConfig *ret);

/* ipam.daemonSocketPath, else the default; borrowed. cni_fail. */
int dhcp_config_socket(CniCall *c, const char **ret);
#define DHCP_SOCKET "/run/cni/dhcp.sock"
