/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sys/random.h>
#include <sys/socket.h>

static struct nl_msg *link_message(int type, int flags, int index) {
        struct ifinfomsg i = { .ifi_family = AF_UNSPEC, .ifi_index = index };
        return netlink_message(type, flags, &i, sizeof(i));
}

static int64_t get_number(struct nlattr *a) {
        if (!a)
                return -1;
        switch (nla_len(a)) {
        case 2: return nla_get_u16(a);
        case 4: return nla_get_u32(a);
        default: return -1;
        }
}

static void parse_kind(Link *l, struct nlattr *info) {
        struct nlattr *kind = nla_find(nla_data(info), nla_len(info), IFLA_INFO_KIND);
        struct nlattr *data = nla_find(nla_data(info), nla_len(info), IFLA_INFO_DATA);
        if (kind)
                nla_strlcpy(l->kind, kind, sizeof(l->kind));
        if (!data)
                return;
        const struct {
                const char *kind;
                int attribute;
                int64_t *value;
        } numbers[] = {
                { "macvlan", IFLA_MACVLAN_MODE, &l->mode },
                { "ipvlan", IFLA_IPVLAN_MODE, &l->mode },
                { "vlan", IFLA_VLAN_ID, &l->vlan_id },
                { "vrf", IFLA_VRF_TABLE, &l->vrf_table },
        };
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                if (streq(l->kind, numbers[i].kind))
                        *numbers[i].value = get_number(
                                        nla_find(nla_data(data), nla_len(data), numbers[i].attribute));
}

static bool link_parse(struct nlmsghdr *h, Link *l) {
        struct nlattr *a[IFLA_MAX + 1];
        if (h->nlmsg_type != RTM_NEWLINK ||
                        nlmsg_parse(h, sizeof(struct ifinfomsg), a, IFLA_MAX, NULL) < 0 || !a[IFLA_IFNAME])
                return false;
        struct ifinfomsg *i = nlmsg_data(h);
        *l = (Link){
                .index = i->ifi_index, .flags = i->ifi_flags, .mode = -1, .vlan_id = -1, .vrf_table = -1
        };
        nla_strlcpy(l->name, a[IFLA_IFNAME], sizeof(l->name));
        if (a[IFLA_IFALIAS])
                nla_strlcpy(l->alias, a[IFLA_IFALIAS], sizeof(l->alias));
        if (a[IFLA_MTU])
                l->mtu = nla_get_u32(a[IFLA_MTU]);
        if (a[IFLA_PROMISCUITY])
                l->promiscuity = nla_get_u32(a[IFLA_PROMISCUITY]);
        if (a[IFLA_TXQLEN])
                l->tx_queue_length = nla_get_u32(a[IFLA_TXQLEN]);
        if (a[IFLA_MASTER])
                l->master = nla_get_u32(a[IFLA_MASTER]);
        if (a[IFLA_LINK])
                l->peer = nla_get_u32(a[IFLA_LINK]);
        if (a[IFLA_OPERSTATE])
                l->operational_state = nla_get_u8(a[IFLA_OPERSTATE]);
        if (a[IFLA_ADDRESS] && nla_len(a[IFLA_ADDRESS]) == MAC_SIZE) {
                memcpy(l->mac, nla_data(a[IFLA_ADDRESS]), MAC_SIZE);
                l->has_mac = true;
        }
        if (a[IFLA_LINKINFO])
                parse_kind(l, a[IFLA_LINKINFO]);
        return true;
}

static int take_link(struct nlmsghdr *h, void *data) {
        link_parse(h, data);
        return 0;
}

int link_get(Netlink *n, const char *name, Link *ret) {
        if (strlen(name) >= IFNAMSIZ)
                return -ENODEV;
        struct nl_msg *m = link_message(RTM_GETLINK, 0, 0);
        netlink_put_string(m, IFLA_IFNAME, name);
        Link l = {};
        int r = netlink_call(n, m, take_link, &l);
        if (r >= 0 && l.index == 0)
                r = -ENODEV;
        if (r >= 0)
                *ret = l;
        return r;
}

int link_get_by_index(Netlink *n, int index, Link *ret) {
        Link l = {};
        int r = netlink_call(n, link_message(RTM_GETLINK, 0, index), take_link, &l);
        if (r >= 0 && l.index == 0)
                r = -ENODEV;
        if (r >= 0)
                *ret = l;
        return r;
}

typedef struct LinkVisit {
        LinkEach each;
        void *data;
} LinkVisit;

static int visit_link(struct nlmsghdr *h, void *data) {
        LinkVisit *v = data;
        Link l;
        return link_parse(h, &l) ? v->each(&l, v->data) : 0;
}

int link_each(Netlink *n, LinkEach each, void *data) {
        LinkVisit v = { each, data };
        return netlink_call(n, link_message(RTM_GETLINK, NLM_F_DUMP, 0), visit_link, &v);
}

const char *link_mac_format(const Link *l, char buffer[static MAC_TEXT_MAX]) {
        const uint8_t *b = l->mac;
        *buffer = 0;
        if (l->has_mac)
                sprintf(buffer, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
        return buffer;
}

int mac_parse(const char *text, uint8_t ret[static MAC_SIZE]) {
        unsigned b[MAC_SIZE];
        int end = 0;
        if (strspn(text, "0123456789abcdefABCDEF:-") != strlen(text) || strlen(text) != MAC_TEXT_MAX - 1)
                return -EINVAL;
        const char *format = strchr(text, '-') ? "%2x-%2x-%2x-%2x-%2x-%2x%n" : "%2x:%2x:%2x:%2x:%2x:%2x%n";
        if (sscanf(text, format, &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &end) != MAC_SIZE || text[end])
                return -EINVAL;
        for (size_t i = 0; i < MAC_SIZE; i++)
                ret[i] = b[i];
        return 0;
}

void link_put_spec(struct nl_msg *m, const LinkSpec *spec) {
        if (spec->name)
                netlink_put_string(m, IFLA_IFNAME, spec->name);
        if (spec->mtu)
                netlink_put_u32(m, IFLA_MTU, spec->mtu);
        if (spec->mac)
                netlink_put(m, IFLA_ADDRESS, spec->mac, MAC_SIZE);
        if (spec->master)
                netlink_put_u32(m, IFLA_MASTER, spec->master);
        if (spec->below)
                netlink_put_u32(m, IFLA_LINK, spec->below);
        if (spec->netns_fd)
                netlink_put_u32(m, IFLA_NET_NS_FD, spec->netns_fd);
}

int link_add(Netlink *n, const LinkSpec *spec) {
        struct ifinfomsg i = { .ifi_flags = spec->up ? IFF_UP : 0, .ifi_change = spec->up ? IFF_UP : 0 };
        struct nl_msg *m = netlink_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &i, sizeof(i));
        link_put_spec(m, spec);
        struct nlattr *info = netlink_nest(m, IFLA_LINKINFO);
        netlink_put_string(m, IFLA_INFO_KIND, spec->kind);
        if (spec->put_data) {
                struct nlattr *data = netlink_nest(m, IFLA_INFO_DATA);
                spec->put_data(m, spec->data);
                nla_nest_end(m, data);
        }
        nla_nest_end(m, info);
        return netlink_call(n, m, NULL, NULL);
}

int link_delete(Netlink *n, int index) {
        return netlink_call(n, link_message(RTM_DELLINK, 0, index), NULL, NULL);
}

int link_set_flags(Netlink *n, int index, unsigned flags, unsigned mask) {
        struct ifinfomsg i = { .ifi_index = index, .ifi_flags = flags, .ifi_change = mask };
        return netlink_call(n, netlink_message(RTM_NEWLINK, 0, &i, sizeof(i)), NULL, NULL);
}

int link_set_u32(Netlink *n, int index, int attribute, uint32_t value) {
        struct nl_msg *m = link_message(RTM_NEWLINK, 0, index);
        netlink_put_u32(m, attribute, value);
        return netlink_call(n, m, NULL, NULL);
}

int link_set_mac(Netlink *n, int index, const uint8_t mac[static MAC_SIZE]) {
        struct nl_msg *m = link_message(RTM_NEWLINK, 0, index);
        netlink_put(m, IFLA_ADDRESS, mac, MAC_SIZE);
        return netlink_call(n, m, NULL, NULL);
}

int link_set_name(Netlink *n, int index, const char *name) {
        struct nl_msg *m = link_message(RTM_NEWLINK, 0, index);
        netlink_put_string(m, IFLA_IFNAME, name);
        return netlink_call(n, m, NULL, NULL);
}

int link_set_alias(Netlink *n, int index, const char *alias) {
        struct nl_msg *m = link_message(RTM_NEWLINK, 0, index);
        netlink_put(m, IFLA_IFALIAS, alias, strlen(alias));
        return netlink_call(n, m, NULL, NULL);
}

int link_move(Netlink *n, int index, int netns_fd, const char *name) {
        struct nl_msg *m = link_message(RTM_NEWLINK, 0, index);
        netlink_put_u32(m, IFLA_NET_NS_FD, netns_fd);
        if (name)
                netlink_put_string(m, IFLA_IFNAME, name);
        return netlink_call(n, m, NULL, NULL);
}

static struct nl_msg *port_message(int type, int index) {
        struct ifinfomsg i = { .ifi_family = AF_BRIDGE, .ifi_index = index };
        return netlink_message(type, 0, &i, sizeof(i));
}

int link_set_hairpin(Netlink *n, int index, bool on) {
        struct nl_msg *m = port_message(RTM_SETLINK, index);
        struct nlattr *port = netlink_nest(m, IFLA_PROTINFO);
        netlink_put_u8(m, IFLA_BRPORT_MODE, on);
        nla_nest_end(m, port);
        return netlink_call(n, m, NULL, NULL);
}

static int change_vlans(Netlink *n, int type, int index, unsigned first, unsigned last, unsigned flags) {
        struct nl_msg *m = port_message(type, index);
        struct nlattr *spec = netlink_nest(m, IFLA_AF_SPEC);
        netlink_put_u16(m, IFLA_BRIDGE_FLAGS, BRIDGE_FLAGS_MASTER);
        struct bridge_vlan_info from = { .flags = flags, .vid = first },
                                to = { .flags = flags, .vid = last };
        if (first != last) {
                from.flags |= BRIDGE_VLAN_INFO_RANGE_BEGIN;
                to.flags |= BRIDGE_VLAN_INFO_RANGE_END;
                netlink_put(m, IFLA_BRIDGE_VLAN_INFO, &from, sizeof(from));
        }
        netlink_put(m, IFLA_BRIDGE_VLAN_INFO, &to, sizeof(to));
        nla_nest_end(m, spec);
        return netlink_call(n, m, NULL, NULL);
}

int link_add_vlans(Netlink *n, int index, unsigned first, unsigned last, bool untagged) {
        return change_vlans(n, RTM_SETLINK, index, first, last,
                        untagged ? BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED : 0);
}

int link_delete_vlans(Netlink *n, int index, unsigned first, unsigned last) {
        return change_vlans(n, RTM_DELLINK, index, first, last, 0);
}

static void put_peer(struct nl_msg *m, const void *data) {
        const LinkSpec *peer = data;
        struct ifinfomsg i = { .ifi_flags = peer->up ? IFF_UP : 0, .ifi_change = peer->up ? IFF_UP : 0 };
        struct nlattr *nest = netlink_nest(m, VETH_INFO_PEER);
        nlmsg_append(m, &i, sizeof(i), NLMSG_ALIGNTO);
        link_put_spec(m, peer);
        nla_nest_end(m, nest);
}

int veth_add(Netlink *n, const LinkSpec *host, const LinkSpec *peer) {
        LinkSpec spec = *host;
        spec.kind = "veth";
        spec.put_data = put_peer;
        spec.data = peer;
        return link_add(n, &spec);
}

const char *veth_random_name(char buffer[static IFNAMSIZ]) {
        uint32_t random = 0;
        if (getrandom(&random, sizeof(random), 0) < 0)
                random = getpid();
        snprintf(buffer, IFNAMSIZ, "veth%08x", random);
        return buffer;
}
