/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* rtnetlink(7) through libnl-3: one socket, bound to the network namespace in which it was opened, and one
 * request at a time. */

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdbool.h>

#include "macro.h"

typedef struct Netlink Netlink;

/* netns_fd -1: this process's own namespace. */
int netlink_open(int netns_fd, Netlink **ret);
/* The same for another protocol than NETLINK_ROUTE. */
int netlink_open_protocol(int netns_fd, int protocol, Netlink **ret);
void netlink_close(Netlink *n);
DEFINE_CLEANUP(Netlink *, netlink_close)
#define _cleanup_netlink_ _cleanup_(netlink_closep)
int netlink_fd(const Netlink *n); /* its socket, borrowed */

/* A message with room for a page of attributes; header is what follows nlmsghdr. Never NULL; attributes that
 * do not fit end the program, as they would all be ours. */
struct nl_msg *netlink_message(int type, int flags, const void *header, size_t header_size);
void netlink_put(struct nl_msg *m, int attribute, const void *data, size_t size);
static inline void netlink_put_u8(struct nl_msg *m, int attribute, uint8_t value) {
        netlink_put(m, attribute, &value, sizeof(value));
}
static inline void netlink_put_u16(struct nl_msg *m, int attribute, uint16_t value) {
        netlink_put(m, attribute, &value, sizeof(value));
}
static inline void netlink_put_u32(struct nl_msg *m, int attribute, uint32_t value) {
        netlink_put(m, attribute, &value, sizeof(value));
}
static inline void netlink_put_string(struct nl_msg *m, int attribute, const char *s) {
        netlink_put(m, attribute, s, strlen(s) + 1);
}
struct nlattr *netlink_nest(struct nl_msg *m, int attribute); /* end with nla_nest_end */

/* Called for each message of an answer; a negative value ends the call and is returned by it. */
typedef int (*NetlinkEach)(struct nlmsghdr *h, void *data);

/* Sends the message, which is freed, and waits for all of the answer: with NLM_F_DUMP set its end, else the
 * acknowledgement. each may be NULL. Returns the kernel's negative errno. */
int netlink_call(Netlink *n, struct nl_msg *m, NetlinkEach each, void *data);
/* What the kernel says of the failure of the last call: its own words, or strerror. */
const char *netlink_error(const Netlink *n);

/* Messages that are sent as one datagram, such as a transaction of nfnetlink. */
typedef struct NetlinkBatch {
        uint8_t *data;
        size_t size;
} NetlinkBatch;

/* Frees the message. With NLM_F_ACK in its flags, its success is acknowledged, too. */
void netlink_batch_add(NetlinkBatch *b, struct nl_msg *m);
void netlink_batch_done(NetlinkBatch *b);
#define _cleanup_netlink_batch_ _cleanup_(netlink_batch_done)
/* Sends them and reads the answers, which are there when sending has ended. The kernel's first negative
 * errno; -EIO if it has not answered at all. */
int netlink_batch_send(Netlink *n, const NetlinkBatch *b);
