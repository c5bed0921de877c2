/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dhcp-frame.h"

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string.h>

#define TTL 64

/* One's complement sum of RFC 1071, folded, to go on with. */
static uint32_t add(uint32_t sum, const void *data, size_t size) {
        const uint8_t *p = data;
        for (; size > 1; p += 2, size -= 2)
                sum += (uint32_t) p[0] << 8 | p[1];
        if (size)
                sum += (uint32_t) p[0] << 8;
        while (sum >> 16)
                sum = (sum & 0xffff) + (sum >> 16);
        return sum;
}

static uint16_t udp_sum(const struct iphdr *ip, const void *udp, size_t size) {
        uint8_t pseudo[4] = { 0, IPPROTO_UDP, size >> 8, size };
        uint32_t sum = add(0, &ip->saddr, 8);
        sum = add(sum, pseudo, sizeof(pseudo));
        return ~add(sum, udp, size);
}

size_t dhcp_frame_write(const DhcpPath *path, const void *message, size_t size,
                uint8_t frame[static DHCP_FRAME_MAX]) {
        struct iphdr ip = {
                .version = 4,
                .ihl = 5,
                .tot_len = htons(sizeof(ip) + sizeof(struct udphdr) + size),
                .frag_off = htons(IP_DF),
                .ttl = TTL,
                .protocol = IPPROTO_UDP,
                .daddr = INADDR_BROADCAST,
        };
        struct udphdr udp = {
                .source = htons(DHCP_CLIENT_PORT),
                .dest = htons(DHCP_SERVER_PORT),
                .len = htons(sizeof(udp) + size),
        };
        if (path->source.family)
                memcpy(&ip.saddr, path->source.bytes, 4);
        if (path->destination.family)
                memcpy(&ip.daddr, path->destination.bytes, 4);
        ip.check = htons(~add(0, &ip, sizeof(ip)));
        memcpy(frame, &ip, sizeof(ip));
        memcpy(frame + sizeof(ip), &udp, sizeof(udp));
        memcpy(frame + sizeof(ip) + sizeof(udp), message, size);
        uint16_t sum = udp_sum(&ip, frame + sizeof(ip), sizeof(udp) + size);
        udp.check = htons(sum ? sum : 0xffff); /* 0 would mean that there is none */
        memcpy(frame + sizeof(ip), &udp, sizeof(udp));
        return sizeof(ip) + sizeof(udp) + size;
}

const uint8_t *dhcp_frame_read(const uint8_t *frame, size_t size, bool unfinished, size_t *ret_size) {
        struct iphdr ip;
        struct udphdr udp;
        if (size < sizeof(ip))
                return NULL;
        memcpy(&ip, frame, sizeof(ip));
        size_t header = ip.ihl * 4, total = ntohs(ip.tot_len);
        if (ip.version != 4 || header < sizeof(ip) || ip.protocol != IPPROTO_UDP || total > size ||
                        total < header + sizeof(udp) || ntohs(ip.frag_off) & (IP_MF | IP_OFFMASK) ||
                        (uint16_t) ~add(0, frame, header) != 0)
                return NULL;
        memcpy(&udp, frame + header, sizeof(udp));
        size_t length = ntohs(udp.len);
        if (ntohs(udp.dest) != DHCP_CLIENT_PORT || length < sizeof(udp) || length > total - header)
                return NULL;
        if (!unfinished && udp.check && udp_sum(&ip, frame + header, length) != 0)
                return NULL;
        *ret_size = length - sizeof(udp);
        return frame + header + sizeof(udp);
}
