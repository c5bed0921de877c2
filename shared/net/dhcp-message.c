/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dhcp-message.h"

#include <errno.h>
#include <string.h>

#include "alloc.h"

/* Offsets in a message. */
enum {
        AT_OP = 0,
        AT_HARDWARE_TYPE = 1,
        AT_HARDWARE_SIZE = 2,
        AT_XID = 4,
        AT_SECONDS = 8,
        AT_FLAGS = 10,
        AT_CLIENT_ADDRESS = 12,
        AT_YOUR_ADDRESS = 16,
        AT_MAC = 28,
        AT_SERVER_NAME = 44,
        AT_FILE = 108,
        AT_COOKIE = 236,
        AT_OPTIONS = 240,
};

#define OP_REQUEST        1
#define OP_REPLY          2
#define HARDWARE_ETHERNET 1
#define FLAG_BROADCAST    0x80
#define SIZE_MIN          300 /* BOOTP relays drop what is shorter */
#define OVERLOAD_FILE     1
#define OVERLOAD_NAME     2

static const uint8_t cookie[] = { 99, 130, 83, 99 };

static uint32_t get_u32(const uint8_t *p) {
        return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}

static void put_u32(uint8_t *p, uint32_t v) {
        p[0] = v >> 24;
        p[1] = v >> 16;
        p[2] = v >> 8;
        p[3] = v;
}

static IpAddress get_address(const uint8_t *p) {
        IpAddress a = { .family = AF_INET };
        memcpy(a.bytes, p, 4);
        return a;
}

typedef int (*EachOption)(DhcpMessage *m, uint8_t code, const uint8_t *data, size_t size);

static int each_option(DhcpMessage *m, const uint8_t *p, size_t size, EachOption each) {
        const uint8_t *end = p + size;
        while (p < end && *p != DHCP_OPTION_END) {
                uint8_t code = *p++;
                if (code == 0) /* padding */
                        continue;
                if (p == end || (size_t) (end - p - 1) < *p)
                        return -EBADMSG;
                int r = each(m, code, p + 1, *p);
                if (r < 0)
                        return r;
                p += 1 + *p;
        }
        return 0;
}

static int find_overload(DhcpMessage *m, uint8_t code, const uint8_t *data, size_t size) {
        if (code == DHCP_OPTION_OVERLOAD && size == 1)
                m->bytes = (uint8_t *) data;
        return 0;
}

static int add_size(DhcpMessage *m, uint8_t code, const uint8_t *data, size_t size) {
        m->options[code].given = true;
        m->options[code].size += size;
        return 0;
}

static int add_bytes(DhcpMessage *m, uint8_t code, const uint8_t *data, size_t size) {
        memcpy(m->bytes + m->options[code].offset + m->options[code].size, data, size);
        m->options[code].size += size;
        return 0;
}

/* The option field first, then what it says to hold more of them: in this order parts are put together. */
static int each_field(DhcpMessage *m, const uint8_t *data, size_t size, uint8_t overload, EachOption each) {
        int r = each_option(m, data + AT_OPTIONS, size - AT_OPTIONS, each);
        if (r >= 0 && overload & OVERLOAD_FILE)
                r = each_option(m, data + AT_FILE, AT_COOKIE - AT_FILE, each);
        if (r >= 0 && overload & OVERLOAD_NAME)
                r = each_option(m, data + AT_SERVER_NAME, AT_FILE - AT_SERVER_NAME, each);
        return r;
}

static uint8_t overload_of(const uint8_t *data, size_t size) {
        DhcpMessage m = {};
        each_option(&m, data + AT_OPTIONS, size - AT_OPTIONS, find_overload);
        return m.bytes ? *m.bytes : 0;
}

static int take_options(DhcpMessage *m, const uint8_t *data, size_t size) {
        uint8_t overload = overload_of(data, size);
        size_t total = 0;
        int r = each_field(m, data, size, overload, add_size);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(m->options); i++) {
                m->options[i].offset = total;
                total += m->options[i].size;
                m->options[i].size = 0;
        }
        m->bytes = xmalloc(total + 1);
        return each_field(m, data, size, overload, add_bytes);
}

int dhcp_message_parse(const uint8_t *data, size_t size, DhcpMessage *ret) {
        _cleanup_dhcp_message_ DhcpMessage m = {};
        if (size < AT_OPTIONS || data[AT_OP] != OP_REPLY || data[AT_HARDWARE_TYPE] != HARDWARE_ETHERNET ||
                        data[AT_HARDWARE_SIZE] != DHCP_MAC_SIZE ||
                        memcmp(data + AT_COOKIE, cookie, sizeof(cookie)) != 0)
                return -EBADMSG;
        int r = take_options(&m, data, size);
        if (r < 0)
                return r;
        size_t n;
        const uint8_t *type = dhcp_message_option(&m, DHCP_OPTION_MESSAGE_TYPE, &n);
        if (!type || n != 1 || *type < DHCP_DISCOVER || *type > DHCP_RELEASE)
                return -EBADMSG;
        m.type = *type;
        m.xid = get_u32(data + AT_XID);
        memcpy(m.mac, data + AT_MAC, sizeof(m.mac));
        if (get_u32(data + AT_YOUR_ADDRESS))
                m.address = get_address(data + AT_YOUR_ADDRESS);
        *ret = m;
        m.bytes = NULL;
        return 0;
}

void dhcp_message_done(DhcpMessage *m) {
        free(m->bytes);
        m->bytes = NULL;
}

const uint8_t *dhcp_message_option(const DhcpMessage *m, uint8_t code, size_t *ret_size) {
        if (!m->options[code].given)
                return NULL;
        *ret_size = m->options[code].size;
        return m->bytes + m->options[code].offset;
}

bool dhcp_message_u32(const DhcpMessage *m, uint8_t code, uint32_t *ret) {
        size_t n;
        const uint8_t *p = dhcp_message_option(m, code, &n);
        if (!p || n != 4)
                return false;
        *ret = get_u32(p);
        return true;
}

IpAddress dhcp_message_address(const DhcpMessage *m, uint8_t code) {
        size_t n;
        const uint8_t *p = dhcp_message_option(m, code, &n);
        if (!p || n < 4 || n % 4 || !get_u32(p))
                return (IpAddress){};
        return get_address(p);
}

void dhcp_write_begin(DhcpWriter *w, const DhcpHeader *h) {
        uint8_t type = h->type;
        *w = (DhcpWriter){ .size = AT_OPTIONS };
        w->bytes[AT_OP] = OP_REQUEST;
        w->bytes[AT_HARDWARE_TYPE] = HARDWARE_ETHERNET;
        w->bytes[AT_HARDWARE_SIZE] = DHCP_MAC_SIZE;
        put_u32(w->bytes + AT_XID, h->xid);
        w->bytes[AT_SECONDS] = h->seconds >> 8;
        w->bytes[AT_SECONDS + 1] = h->seconds;
        w->bytes[AT_FLAGS] = h->broadcast ? FLAG_BROADCAST : 0;
        memcpy(w->bytes + AT_CLIENT_ADDRESS, h->address.bytes, 4);
        memcpy(w->bytes + AT_MAC, h->mac, DHCP_MAC_SIZE);
        memcpy(w->bytes + AT_COOKIE, cookie, sizeof(cookie));
        dhcp_write_option(w, DHCP_OPTION_MESSAGE_TYPE, &type, 1);
}

void dhcp_write_option(DhcpWriter *w, uint8_t code, const void *data, size_t size) {
        if (size > 255 || w->size + 2 + size + 1 > sizeof(w->bytes)) { /* the end needs one more */
                w->overflow = true;
                return;
        }
        w->bytes[w->size++] = code;
        w->bytes[w->size++] = size;
        memcpy(w->bytes + w->size, data, size);
        w->size += size;
}

void dhcp_write_end(DhcpWriter *w) {
        w->bytes[w->size++] = DHCP_OPTION_END;
        w->size = MAX(w->size, (size_t) SIZE_MIN); /* the rest is 0 */
}
