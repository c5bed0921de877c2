/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Messages of DHCP as they stand in a UDP datagram: RFC 2131, options RFC 2132 and RFC 3396. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ip-address.h"

#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68
#define DHCP_MESSAGE_MAX 1472 /* what fits into a frame of Ethernet, and what we say that we take */
#define DHCP_MAC_SIZE    6

typedef enum DhcpType {
        DHCP_DISCOVER = 1,
        DHCP_OFFER,
        DHCP_REQUEST,
        DHCP_DECLINE,
        DHCP_ACK,
        DHCP_NAK,
        DHCP_RELEASE,
} DhcpType;

enum {
        DHCP_OPTION_SUBNET_MASK = 1,
        DHCP_OPTION_ROUTER = 3,
        DHCP_OPTION_NAME_SERVER = 6,
        DHCP_OPTION_HOST_NAME = 12,
        DHCP_OPTION_DOMAIN_NAME = 15,
        DHCP_OPTION_MTU = 26,
        DHCP_OPTION_STATIC_ROUTE = 33,
        DHCP_OPTION_REQUESTED_ADDRESS = 50,
        DHCP_OPTION_LEASE_TIME = 51,
        DHCP_OPTION_OVERLOAD = 52,
        DHCP_OPTION_MESSAGE_TYPE = 53,
        DHCP_OPTION_SERVER = 54,
        DHCP_OPTION_PARAMETERS = 55,
        DHCP_OPTION_MESSAGE = 56,
        DHCP_OPTION_MAX_SIZE = 57,
        DHCP_OPTION_RENEWAL_TIME = 58,
        DHCP_OPTION_REBINDING_TIME = 59,
        DHCP_OPTION_VENDOR_CLASS = 60,
        DHCP_OPTION_CLIENT_ID = 61,
        DHCP_OPTION_USER_CLASS = 77,
        DHCP_OPTION_DOMAIN_SEARCH = 119,
        DHCP_OPTION_CLASSLESS_ROUTE = 121,
        DHCP_OPTION_END = 255,
};

/* A server's message. An option that came in several parts is one here. */
typedef struct DhcpMessage {
        DhcpType type;
        uint32_t xid;
        uint8_t mac[DHCP_MAC_SIZE];
        IpAddress address; /* yiaddr; family 0: none */
        struct {
                bool given;
                size_t offset, size;
        } options[256];
        uint8_t *bytes; /* of all options */
} DhcpMessage;

/* -EBADMSG for what is not a whole and correct message from a server to an Ethernet client. */
int dhcp_message_parse(const uint8_t *data, size_t size, DhcpMessage *ret);
void dhcp_message_done(DhcpMessage *m);
#define _cleanup_dhcp_message_ _cleanup_(dhcp_message_done)

/* NULL if it was not given; else its bytes, also when there are none of them. */
const uint8_t *dhcp_message_option(const DhcpMessage *m, uint8_t code, size_t *ret_size);
/* False unless it was given with this size. */
bool dhcp_message_u32(const DhcpMessage *m, uint8_t code, uint32_t *ret);
/* Family 0 unless it has one address or more: the first. */
IpAddress dhcp_message_address(const DhcpMessage *m, uint8_t code);

/* A client's message, written piece by piece. */
typedef struct DhcpWriter {
        uint8_t bytes[DHCP_MESSAGE_MAX];
        size_t size;
        bool overflow; /* an option did not fit and was left out */
} DhcpWriter;

typedef struct DhcpHeader {
        DhcpType type;
        uint32_t xid;
        uint16_t seconds;  /* since the client has begun */
        bool broadcast;    /* the answer cannot be taken by unicast */
        IpAddress address; /* ciaddr; family 0: none */
        uint8_t mac[DHCP_MAC_SIZE];
} DhcpHeader;

void dhcp_write_begin(DhcpWriter *w, const DhcpHeader *h);
void dhcp_write_option(DhcpWriter *w, uint8_t code, const void *data, size_t size); /* up to 255 bytes */
void dhcp_write_end(DhcpWriter *w);
