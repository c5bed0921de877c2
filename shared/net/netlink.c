/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>

#include "alloc.h"
#include "log.h"
#include "netns.h"

#define MESSAGE_SIZE 16384

struct Netlink {
        struct nl_sock *socket;
        struct nl_cb *callbacks;
        /* of the call that is under way */
        NetlinkEach each;
        void *data;
        int result;
        bool done;
        char words[256];
};

static int on_message(struct nl_msg *m, void *arg) {
        Netlink *n = arg;
        if (n->each && n->result >= 0) {
                int r = n->each(nlmsg_hdr(m), n->data);
                if (r < 0)
                        n->result = r;
        }
        return NL_OK;
}

static int on_end(struct nl_msg *m, void *arg) {
        Netlink *n = arg;
        n->done = true;
        return NL_STOP;
}

/* libnl's own numbers of errors say less than the kernel's. */
static int on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg) {
        Netlink *n = arg;
        struct nlmsghdr *h = (struct nlmsghdr *) ((char *) e - NLMSG_HDRLEN);
        n->result = e->error;
        n->done = true;
        if (h->nlmsg_flags & NLM_F_ACK_TLVS) {
                size_t behind = sizeof(*e);
                if (!(h->nlmsg_flags & NLM_F_CAPPED))
                        behind += NLMSG_ALIGN(e->msg.nlmsg_len) - sizeof(e->msg);
                if (h->nlmsg_len > NLMSG_HDRLEN + behind) {
                        struct nlattr *words = nla_find((struct nlattr *) ((char *) e + behind),
                                        h->nlmsg_len - NLMSG_HDRLEN - behind, NLMSGERR_ATTR_MSG);
                        if (words)
                                nla_strlcpy(n->words, words, sizeof(n->words));
                }
        }
        return NL_STOP;
}

static int open_here(int protocol, Netlink *n) {
        int on = 1;
        n->socket = nl_socket_alloc();
        n->callbacks = nl_cb_alloc(NL_CB_CUSTOM);
        if (!n->socket || !n->callbacks)
                return -ENOMEM;
        if (nl_connect(n->socket, protocol) < 0)
                return errno ? -errno : -EIO;
        /* only better messages hang on these */
        setsockopt(nl_socket_get_fd(n->socket), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
        setsockopt(nl_socket_get_fd(n->socket), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
        nl_cb_set(n->callbacks, NL_CB_VALID, NL_CB_CUSTOM, on_message, n);
        nl_cb_set(n->callbacks, NL_CB_FINISH, NL_CB_CUSTOM, on_end, n);
        nl_cb_set(n->callbacks, NL_CB_ACK, NL_CB_CUSTOM, on_end, n);
        nl_cb_err(n->callbacks, NL_CB_CUSTOM, on_error, n);
        return 0;
}

int netlink_open_protocol(int netns_fd, int protocol, Netlink **ret) {
        _cleanup_netlink_ Netlink *n = xnew(Netlink, 1);
        int before = -1;
        if (netns_fd >= 0) {
                before = netns_enter(netns_fd);
                if (before < 0)
                        return before;
        }
        int r = open_here(protocol, n);
        if (before >= 0)
                netns_leave(before);
        if (r >= 0)
                *ret = TAKE_PTR(n);
        return r;
}

int netlink_open(int netns_fd, Netlink **ret) {
        return netlink_open_protocol(netns_fd, NETLINK_ROUTE, ret);
}

void netlink_close(Netlink *n) {
        if (n->callbacks)
                nl_cb_put(n->callbacks);
        if (n->socket)
                nl_socket_free(n->socket);
        free(n);
}

int netlink_fd(const Netlink *n) {
        return nl_socket_get_fd(n->socket);
}

static void must(bool fits) {
        if (!fits) {
                log_error("a netlink message does not fit into %d bytes", MESSAGE_SIZE);
                exit(EXIT_RKT_FAILURE);
        }
}

struct nl_msg *netlink_message(int type, int flags, const void *header, size_t header_size) {
        struct nl_msg *m = nlmsg_alloc_size(MESSAGE_SIZE);
        must(m && nlmsg_put(m, NL_AUTO_PORT, NL_AUTO_SEQ, type, 0, NLM_F_REQUEST | flags));
        must(nlmsg_append(m, (void *) header, header_size, NLMSG_ALIGNTO) >= 0);
        return m;
}

void netlink_put(struct nl_msg *m, int attribute, const void *data, size_t size) {
        must(nla_put(m, attribute, size, data) >= 0);
}

struct nlattr *netlink_nest(struct nl_msg *m, int attribute) {
        struct nlattr *nest = nla_nest_start(m, attribute | NLA_F_NESTED);
        must(nest);
        return nest;
}

int netlink_call(Netlink *n, struct nl_msg *m, NetlinkEach each, void *data) {
        n->each = each;
        n->data = data;
        n->result = 0;
        n->done = false;
        n->words[0] = 0;
        int flags = nlmsg_hdr(m)->nlmsg_flags;
        if ((flags & NLM_F_DUMP) != NLM_F_DUMP)
                nlmsg_hdr(m)->nlmsg_flags |= NLM_F_ACK;
        int r = nl_send_auto(n->socket, m);
        nlmsg_free(m);
        if (r < 0)
                return n->result = -EIO;
        while (!n->done) {
                r = nl_recvmsgs(n->socket, n->callbacks);
                if (r < 0 && !n->done)
                        return n->result = r == -NLE_NOMEM ? -ENOBUFS : -EIO;
        }
        return n->result;
}

void netlink_batch_add(NetlinkBatch *b, struct nl_msg *m) {
        const struct nlmsghdr *h = nlmsg_hdr(m);
        b->data = xreallocarray(b->data, b->size + NLMSG_ALIGN(h->nlmsg_len), 1);
        memset(b->data + b->size, 0, NLMSG_ALIGN(h->nlmsg_len));
        memcpy(b->data + b->size, h, h->nlmsg_len);
        b->size += NLMSG_ALIGN(h->nlmsg_len);
        nlmsg_free(m);
}

void netlink_batch_done(NetlinkBatch *b) {
        free(b->data);
}

/* 1: there was one, whose verdict is in *ret; 0: there are no more. */
static int read_verdict(int fd, int *ret) {
        union {
                struct nlmsghdr header;
                char space[NLMSG_SPACE(sizeof(struct nlmsgerr)) + 4096];
        } answer;
        for (;;) {
                ssize_t n = recv(fd, &answer, sizeof(answer), MSG_DONTWAIT);
                if (n < 0 && (errno == EINTR || errno == ENOBUFS)) /* more verdicts than room: the first
                                                                      count */
                        continue;
                if (n < 0)
                        return errno == EAGAIN ? 0 : -errno;
                if ((size_t) n < NLMSG_SPACE(sizeof(int)) || answer.header.nlmsg_type != NLMSG_ERROR)
                        continue;
                *ret = ((struct nlmsgerr *) NLMSG_DATA(&answer.header))->error;
                return 1;
        }
}

int netlink_batch_send(Netlink *n, const NetlinkBatch *b) {
        int fd = nl_socket_get_fd(n->socket), verdict, r, first = 0,
            room = (int) MIN(2 * b->size, (size_t) INT32_MAX);
        bool answered = false;
        n->words[0] = 0;
        if (room > 32768)
                setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
        if (send(fd, b->data, b->size, 0) < 0)
                return n->result = -errno;
        while ((r = read_verdict(fd, &verdict)) > 0) {
                answered = true;
                first = first < 0 ? first : verdict;
        }
        return n->result = r < 0 ? r : !answered ? -EIO : first;
}

const char *netlink_error(const Netlink *n) {
        return n->words[0] ? n->words : strerror(-n->result);
}
