/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cni-plugin.h"
#include "link.h"

typedef struct VlanRange {
        uint16_t first, last;
} VlanRange;

typedef struct BridgeConfig {
        const char *name;
        bool is_gateway, is_default_gateway, force_address, ip_masq, hairpin, promiscuous;
        bool preserve_default_vlan, enable_dad, mac_spoof_check, disable_container_interface;
        int64_t mtu, vlan; /* 0: none */
        VlanRange *trunk;
        size_t n_trunk;
        bool has_mac;
        uint8_t mac[MAC_SIZE];
        const char *ipam; /* NULL: layer 2 only */
} BridgeConfig;

/* Everything is checked here. Fails with cni_fail. */
int bridge_config_read(CniCall *c, BridgeConfig *ret);
void bridge_config_done(BridgeConfig *b);
#define _cleanup_bridge_config_ _cleanup_(bridge_config_done)
