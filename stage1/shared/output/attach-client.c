/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "attach.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "alloc.h"

/* What a client has not taken is at most its replay and a message of each kind. */
#define PENDING_MAX (4 * ATTACH_REPLAY_MAX)

void attach_client_watch(AttachClient *c) {
        if (c->fd < 0)
                return;
        /* input is left where it is while the app has not taken what came before */
        bool listens = !c->closing && (!c->point || c->point->n_typed == 0);
        loop_forget(c->server->loop, &c->source);
        loop_watch(c->server->loop, &c->source, c->fd, (listens ? EPOLLIN : 0u) | (c->full ? EPOLLOUT : 0u));
}

static void set_full(AttachClient *c, bool full) {
        if (c->full == full)
                return;
        AttachPoint *p = c->point;
        bool waited_for = !c->left_behind;
        c->full = full;
        c->left_behind = false;
        attach_client_watch(c);
        if (p && full)
                attach_point_wait(p);
        else if (p && waited_for)
                attach_point_waited(p);
}

void attach_client_leave_behind(AttachClient *c) {
        if (!c->full || c->left_behind)
                return;
        c->left_behind = true;
        attach_point_waited(c->point);
}

void attach_client_catch_up(AttachClient *c) {
        if (!c->full || !c->left_behind)
                return;
        c->left_behind = false;
        attach_point_wait(c->point);
}

void attach_client_drop(AttachClient *c) {
        if (c->fd < 0)
                return;
        set_full(c, false);
        loop_forget(c->server->loop, &c->source);
        close(TAKE_FD(c->fd));
        free(TAKE_PTR(c->pending));
        c->n_pending = 0;
        c->point = NULL;
}

static int push(AttachClient *c, const char *message, size_t size) {
        ssize_t n;
        do
                n = send(c->fd, message, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : 0;
}

static void keep(AttachClient *c, const char *message, size_t size) {
        uint16_t head = (uint16_t) size;
        c->pending = xreallocarray(c->pending, c->n_pending + sizeof(head) + size, 1);
        memcpy(c->pending + c->n_pending, &head, sizeof(head));
        memcpy(c->pending + c->n_pending + sizeof(head), message, size);
        c->n_pending += sizeof(head) + size;
}

static bool is_output(const AttachMessage *m) {
        return m->kind == ATTACH_OUTPUT || m->kind == ATTACH_ERROR;
}

static void deliver(AttachClient *c, const AttachMessage *m) {
        char message[ATTACH_MESSAGE_MAX];
        size_t size = attach_message_write(m, message);
        if (c->full) {
                keep(c, message, size);
                return;
        }
        int r = push(c, message, size);
        if (r == -EAGAIN || r == -ENOBUFS) {
                keep(c, message, size);
                set_full(c, true);
        } else if (r < 0)
                attach_client_drop(c);
}

/* What it has missed comes before anything else that it gets. */
static void tell_dropped(AttachClient *c) {
        if (c->dropped == 0)
                return;
        AttachMessage m = { .kind = ATTACH_DROPPED, .number = c->dropped };
        c->dropped = 0;
        deliver(c, &m);
}

void attach_client_send(AttachClient *c, const AttachMessage *m) {
        if (c->fd < 0)
                return;
        if (is_output(m) && c->full && (c->left_behind || c->n_pending > PENDING_MAX)) {
                c->dropped += m->size;
                return;
        }
        tell_dropped(c);
        deliver(c, m);
}

static void send_pending(AttachClient *c) {
        size_t sent = 0;
        while (sent < c->n_pending) {
                uint16_t size;
                memcpy(&size, c->pending + sent, sizeof(size));
                int r = push(c, c->pending + sent + sizeof(size), size);
                if (r == -EAGAIN || r == -ENOBUFS)
                        break;
                if (r < 0) {
                        attach_client_drop(c);
                        return;
                }
                sent += sizeof(size) + size;
        }
        c->n_pending -= sent;
        if (c->n_pending > 0) {
                memmove(c->pending, c->pending + sent, c->n_pending);
                return;
        }
        free(TAKE_PTR(c->pending));
        set_full(c, false);
        if (c->fd >= 0)
                tell_dropped(c);
        if (c->closing && !c->full)
                attach_client_drop(c);
}

static void refuse(AttachClient *c, const char *why) {
        AttachMessage m = { .kind = ATTACH_REFUSAL, .data = why, .size = strlen(why) };
        deliver(c, &m);
        attach_client_drop(c);
}

static void on_hello(AttachClient *c, const AttachMessage *m) {
        AttachPoint *p = attach_server_find(c->server, m->data, m->size);
        if (p)
                attach_point_join(p, c, m->channels);
        else
                refuse(c, "the pod has no such app, or there is nothing of it to attach to");
}

static void receive(AttachClient *c) {
        char message[ATTACH_MESSAGE_MAX + 1];
        AttachMessage m;
        ssize_t n = recv(c->fd, message, sizeof(message), MSG_DONTWAIT);
        /* who has gone without having read everything is told once, before what it has sent */
        if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNRESET))
                return;
        if (n <= 0 || attach_message_parse(message, (size_t) n, true, &m) < 0 ||
                        (m.kind == ATTACH_HELLO) != !c->point)
                attach_client_drop(c); /* gone, or none of ours */
        else if (m.kind == ATTACH_HELLO)
                on_hello(c, &m);
        else
                attach_point_take(c->point, c, &m);
}

static void on_client(void *userdata, uint32_t events) {
        AttachClient *c = userdata;
        if (events & EPOLLOUT)
                send_pending(c);
        if (c->fd < 0)
                return;
        bool waits = c->point && c->point->n_typed > 0; /* what it has sent is still to be read */
        /* the event may be that of who was here before, earlier in this turn: what is read tells */
        if (!waits && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
                receive(c);
        else if (events & (EPOLLHUP | EPOLLERR))
                loop_forget(c->server->loop, &c->source);
}

void attach_client_start(AttachClient *c, AttachServer *s, int fd) {
        *c = (AttachClient){
                .server = s, .fd = fd, .source = { .handle = on_client, .userdata = c, .fd = -1 }
        };
        attach_client_watch(c);
}
