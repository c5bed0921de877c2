/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bridge-config.h"

#include "alloc.h"
#include "ipam.h"

#define VLAN_MAX 4094

void bridge_config_done(BridgeConfig *b) {
        free(b->trunk);
}

static void add_trunk(BridgeConfig *b, int64_t first, int64_t last) {
        xgrow(&b->trunk, b->n_trunk);
        b->trunk[b->n_trunk++] = (VlanRange){ first, last };
}

/* {minID, maxID}, {id}, or both */
static int read_trunk_item(JsonContext *j, json_object *o, BridgeConfig *b) {
        int64_t min = 0, max = 0, id = 0;
        int r = json_expect(j, o, json_type_object);
        if (r >= 0)
                r = json_get_int(j, o, "minID", JSON_OPTIONAL, 1, VLAN_MAX, &min);
        if (r >= 0)
                r = json_get_int(j, o, "maxID", JSON_OPTIONAL, 1, VLAN_MAX, &max);
        if (r >= 0)
                r = json_get_int(j, o, "id", JSON_OPTIONAL, 1, VLAN_MAX, &id);
        if (r < 0)
                return r;
        if (!min != !max)
                return json_fail(j, "minID and maxID should be configured simultaneously, %s is missing",
                                min ? "maxID" : "minID");
        if (max < min)
                return json_fail(j, "minID is greater than maxID in trunk parameter");
        if (min)
                add_trunk(b, min, max);
        if (id)
                add_trunk(b, id, id);
        return 0;
}

static int read_trunk(CniCall *c, BridgeConfig *b) {
        json_object *list = NULL;
        JsonContext *j = &c->conf;
        int r = json_get_array(j, j->root, "vlanTrunk", JSON_OPTIONAL, &list);
        size_t mark = json_enter(j, "vlanTrunk");
        for (size_t i = 0; r >= 0 && list && i < json_object_array_length(list); i++) {
                size_t inner = json_enter_index(j, i);
                r = read_trunk_item(j, json_object_array_get_idx(list, i), b);
                json_leave(j, inner);
        }
        json_leave(j, mark);
        return r < 0 ? cni_fail_config(c) : 0;
}

static int read_mac(CniCall *c, BridgeConfig *b) {
        const char *mac;
        int r = cni_call_mac(c, &mac);
        if (r < 0 || !mac)
                return r;
        if (mac_parse(mac, b->mac) < 0)
                return cni_fail(c, CNI_INTERNAL, "invalid MAC address %s", mac);
        b->has_mac = true;
        return 0;
}

static int check(CniCall *c, const BridgeConfig *b) {
        if (strlen(b->name) >= IFNAMSIZ || !*b->name || strchr(b->name, '/'))
                return cni_fail(c, CNI_INTERNAL,
                                "failed to create bridge \"%s\": not a name for an interface", b->name);
        if (b->vlan && b->n_trunk)
                return cni_fail(c, CNI_INTERNAL, "cannot set vlan and vlanTrunk at the same time");
        if (b->hairpin && b->promiscuous)
                return cni_fail(c, CNI_INTERNAL,
                                "cannot set hairpin mode and promiscuous mode at the same time");
        /* needs a table of nftables' bridge family, which nothing here makes */
        if (b->mac_spoof_check)
                return cni_fail(c, CNI_UNSUPPORTED_FIELD, "macspoofchk is not supported");
        if (b->disable_container_interface && b->ipam)
                return cni_fail(c, CNI_INTERNAL,
                                "cannot use IPAM when DisableContainerInterface flag is set");
        return 0;
}

int bridge_config_read(CniCall *c, BridgeConfig *b) {
        *b = (BridgeConfig){ .name = "cni0", .preserve_default_vlan = true };
        const CniField fields[] = {
                { "bridge", CNI_STRING, &b->name },
                { "isGateway", CNI_BOOL, &b->is_gateway },
                { "isDefaultGateway", CNI_BOOL, &b->is_default_gateway },
                { "forceAddress", CNI_BOOL, &b->force_address },
                { "ipMasq", CNI_BOOL, &b->ip_masq },
                { "hairpinMode", CNI_BOOL, &b->hairpin },
                { "promiscMode", CNI_BOOL, &b->promiscuous },
                { "preserveDefaultVlan", CNI_BOOL, &b->preserve_default_vlan },
                { "enabledad", CNI_BOOL, &b->enable_dad },
                { "macspoofchk", CNI_BOOL, &b->mac_spoof_check },
                { "disableContainerInterface", CNI_BOOL, &b->disable_container_interface },
                { "mtu", CNI_INT, &b->mtu, 0, INT32_MAX },
                { "vlan", CNI_INT, &b->vlan, 0, VLAN_MAX },
        };
        int r = cni_call_read(c, fields, ELEMENTSOF(fields));
        if (r >= 0)
                r = read_trunk(c, b);
        if (r >= 0)
                r = read_mac(c, b);
        if (r >= 0)
                r = ipam_type(c, &b->ipam);
        b->is_gateway = b->is_gateway || b->is_default_gateway;
        return r < 0 ? r : check(c, b);
}
