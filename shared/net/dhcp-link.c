/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dhcp-link.h"

#include <errno.h>
#include <string.h>

#include "link.h"
#include "netns.h"
#include "route.h"

/* behind link.h, with which they contradict each other in the other order */
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

/* UDP to the client's port, in one piece; the rest of what the interface sees is not even copied. */
static struct sock_filter for_clients[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 6),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 4, 0),
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
        BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DHCP_CLIENT_PORT, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, DHCP_FRAME_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
};
static struct sock_filter nothing[] = { BPF_STMT(BPF_RET | BPF_K, 0) };

static int attach(int fd, struct sock_filter *filter, size_t n) {
        struct sock_fprog program = { .len = n, .filter = filter };
        return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno : 0;
}

static int open_packet_socket(int index, int *ret) {
        struct sockaddr_ll address = {
                .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = index
        };
        int on = 1;
        /* nothing arrives before it is bound, and by then the filter is there */
        _cleanup_close_ int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        int r = attach(fd, for_clients, ELEMENTSOF(for_clients));
        if (r < 0)
                return r;
        if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0 ||
                        bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        *ret = TAKE_FD(fd);
        return 0;
}

/* Optional: another program may have the port. */
static int open_port(const char *ifname) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(DHCP_CLIENT_PORT) };
        _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || attach(fd, nothing, ELEMENTSOF(nothing)) < 0 ||
                        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname, strlen(ifname)) < 0 ||
                        bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -1;
        return TAKE_FD(fd);
}

static int open_inside(const char *ifname, DhcpLink *l) {
        int r = open_packet_socket(l->index, &l->socket);
        if (r >= 0)
                l->port = open_port(ifname);
        return r;
}

static int find_interface(
                const char *netns, const char *ifname, int *ret_fd, Netlink **ret, Link *ret_link) {
        _cleanup_close_ int fd = netns_open(netns);
        _cleanup_netlink_ Netlink *n = NULL;
        if (fd < 0)
                return fd;
        int r = netlink_open(fd, &n);
        if (r >= 0)
                r = link_get(n, ifname, ret_link);
        if (r < 0)
                return r;
        *ret_fd = TAKE_FD(fd);
        *ret = TAKE_PTR(n);
        return 0;
}

int dhcp_link_open(const char *netns, const char *ifname, DhcpLink *ret) {
        _cleanup_close_ int fd = -1;
        _cleanup_netlink_ Netlink *n = NULL;
        DhcpLink l = DHCP_LINK_NONE;
        Link link;
        int r = find_interface(netns, ifname, &fd, &n, &link);
        if (r < 0)
                return r;
        if (!link.has_mac)
                return -EPFNOSUPPORT; /* not an Ethernet */
        if (!(link.flags & IFF_UP) && (r = link_set_up(n, link.index)) < 0)
                return r;
        l.index = link.index;
        l.ipvlan = streq(link.kind, "ipvlan");
        memcpy(l.mac, link.mac, sizeof(l.mac));
        int before = netns_enter(fd);
        if (before < 0)
                return before;
        r = open_inside(ifname, &l);
        netns_leave(before);
        if (r < 0)
                dhcp_link_close(&l);
        else
                *ret = l;
        return r;
}

void dhcp_link_close(DhcpLink *l) {
        if (l->socket >= 0)
                close(TAKE_FD(l->socket));
        if (l->port >= 0)
                close(TAKE_FD(l->port));
}

int dhcp_link_send(const DhcpLink *l, const uint8_t *mac, const DhcpPath *path, const void *message,
                size_t size) {
        uint8_t frame[DHCP_FRAME_MAX];
        struct sockaddr_ll to = {
                .sll_family = AF_PACKET,
                .sll_protocol = htons(ETH_P_IP),
                .sll_ifindex = l->index,
                .sll_halen = DHCP_MAC_SIZE,
        };
        if (mac)
                memcpy(to.sll_addr, mac, DHCP_MAC_SIZE);
        else
                memset(to.sll_addr, 0xff, DHCP_MAC_SIZE);
        size_t n = dhcp_frame_write(path, message, size, frame);
        return sendto(l->socket, frame, n, 0, (struct sockaddr *) &to, sizeof(to)) < 0 ? -errno : 0;
}

/* Whether the kernel says that what it handed over has no checksum yet. */
static bool is_unfinished(struct msghdr *m) {
        for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
                struct tpacket_auxdata aux;
                if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA ||
                                c->cmsg_len < CMSG_LEN(sizeof(aux)))
                        continue;
                memcpy(&aux, CMSG_DATA(c), sizeof(aux));
                return aux.tp_status & TP_STATUS_CSUMNOTREADY;
        }
        return false;
}

ssize_t dhcp_link_receive(const DhcpLink *l, uint8_t message[static DHCP_FRAME_MAX],
                uint8_t ret_mac[static DHCP_MAC_SIZE]) {
        uint8_t frame[DHCP_FRAME_MAX];
        _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
        struct sockaddr_ll from = {};
        struct iovec v = { frame, sizeof(frame) };
        struct msghdr m = {
                .msg_name = &from,
                .msg_namelen = sizeof(from),
                .msg_iov = &v,
                .msg_iovlen = 1,
                .msg_control = control,
                .msg_controllen = sizeof(control),
        };
        size_t size = 0;
        ssize_t n = recvmsg(l->socket, &m, 0);
        if (n < 0)
                return -errno;
        const uint8_t *found = dhcp_frame_read(frame, n, is_unfinished(&m), &size);
        if (!found || from.sll_halen != DHCP_MAC_SIZE || from.sll_pkttype == PACKET_OUTGOING)
                return 0;
        memcpy(message, found, size);
        memcpy(ret_mac, from.sll_addr, DHCP_MAC_SIZE);
        return size;
}

static int set_result(Netlink *n, int index, const CniResult *now) {
        int r = address_add(n, index, &now->ips[0].address, 0);
        if (r < 0 && r != -EEXIST)
                return r;
        for (size_t i = 0; i < now->n_routes; i++) {
                const CniRoute *from = &now->routes[i];
                Route route = {
                        .destination = from->destination,
                        .gateway = from->gateway,
                        .index = index,
                        .scope = from->scope,
                        .priority = MAX(from->priority, 0),
                };
                r = route_add(n, &route);
                if (r < 0 && r != -EEXIST)
                        return r;
        }
        return 0;
}

int dhcp_link_configure(const char *netns, const char *ifname, const IpPrefix *old, const CniResult *now) {
        _cleanup_close_ int fd = -1;
        _cleanup_netlink_ Netlink *n = NULL;
        Link link;
        int r = find_interface(netns, ifname, &fd, &n, &link);
        if (r >= 0 && old && (r = address_delete(n, link.index, old)) == -EADDRNOTAVAIL)
                r = 0;
        return r >= 0 && now ? set_result(n, link.index, now) : r;
}

int dhcp_link_limit_mtu(const char *netns, const char *ifname, unsigned mtu) {
        _cleanup_close_ int fd = -1;
        _cleanup_netlink_ Netlink *n = NULL;
        Link link;
        int r = find_interface(netns, ifname, &fd, &n, &link);
        return r >= 0 && mtu < link.mtu ? link_set_u32(n, link.index, IFLA_MTU, mtu) : r;
}
