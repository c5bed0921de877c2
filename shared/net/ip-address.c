/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ip-address.h"

#include <arpa/inet.h>
#include <errno.h>

int ip_parse(const char *text, IpAddress *ret) {
        IpAddress a = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };
        if (inet_pton(a.family, text, a.bytes) != 1)
                return -EINVAL;
        *ret = a;
        return 0;
}

int ip_prefix_parse(const char *text, IpPrefix *ret) {
        char address[IP_TEXT_MAX];
        const char *slash = strchr(text, '/');
        if (!slash || (size_t) (slash - text) >= sizeof(address))
                return -EINVAL;
        memcpy(address, text, slash - text);
        address[slash - text] = 0;

        IpPrefix p;
        if (ip_parse(address, &p.address) < 0)
                return -EINVAL;
        const char *digits = slash + 1;
        size_t n = strlen(digits);
        if (n == 0 || n > 3 || strspn(digits, "0123456789") != n || (n > 1 && *digits == '0'))
                return -EINVAL;
        p.length = atoi(digits);
        if (p.length > ip_bits(p.address.family))
                return -EINVAL;
        *ret = p;
        return 0;
}

const char *ip_format(const IpAddress *a, char buffer[static IP_TEXT_MAX]) {
        if (!a->family || !inet_ntop(a->family, a->bytes, buffer, IP_TEXT_MAX))
                *buffer = 0;
        return buffer;
}

const char *ip_prefix_format(const IpPrefix *p, char buffer[static IP_PREFIX_TEXT_MAX]) {
        ip_format(&p->address, buffer);
        if (*buffer)
                sprintf(buffer + strlen(buffer), "/%u", p->length);
        return buffer;
}

int ip_compare(const IpAddress *a, const IpAddress *b) {
        if (a->family != b->family)
                return a->family < b->family ? -1 : 1;
        return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool ip_is_any(const IpAddress *a) {
        static const uint8_t zero[16];
        return a->family && memcmp(a->bytes, zero, sizeof(zero)) == 0;
}

IpAddress ip_add(const IpAddress *a, int64_t offset) {
        IpAddress sum = *a;
        for (size_t i = ip_size(a->family); i > 0; i--) {
                offset += sum.bytes[i - 1];
                sum.bytes[i - 1] = offset & 0xff;
                offset >>= 8; /* arithmetic: a borrow stays -1 */
        }
        return sum;
}

/* All bits behind the prefix become what the byte says. */
static IpAddress with_host_bits(const IpPrefix *p, uint8_t byte) {
        IpAddress a = p->address;
        for (unsigned i = 0; i < ip_size(a.family); i++) {
                unsigned kept = p->length <= i * 8 ? 0 : MIN(p->length - i * 8, 8u);
                uint8_t mask = 0xff00 >> kept;
                a.bytes[i] = (a.bytes[i] & mask) | (byte & ~mask);
        }
        return a;
}

IpAddress ip_prefix_first(const IpPrefix *p) {
        return with_host_bits(p, 0);
}

IpAddress ip_prefix_last(const IpPrefix *p) {
        return with_host_bits(p, 0xff);
}

bool ip_prefix_contains(const IpPrefix *p, const IpAddress *a) {
        IpPrefix other = { .address = *a, .length = p->length };
        if (p->address.family != a->family)
                return false;
        IpAddress first = ip_prefix_first(p), same = ip_prefix_first(&other);
        return ip_equal(&first, &same);
}

bool ip_prefix_overlaps(const IpPrefix *a, const IpPrefix *b) {
        return a->length <= b->length ? ip_prefix_contains(a, &b->address)
                                      : ip_prefix_contains(b, &a->address);
}
