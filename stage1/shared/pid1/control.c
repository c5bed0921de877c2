/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "alloc.h"

#define CONNECTIONS_MAX 256 /* so that commands that hang do not take all descriptors of PID 1 */

struct ControlConnection {
        ControlConnection *next;
        Control *control;
        int fd; /* -1: over */
        LoopSource source;
        ControlOrder order;
};

static void end(ControlConnection *c) {
        if (c->fd < 0)
                return;
        loop_forget(c->control->loop, &c->source);
        close(TAKE_FD(c->fd));
}

static void connection_free(ControlConnection *c) {
        end(c);
        for (size_t i = 0; i < c->order.n_descriptors; i++)
                if (c->order.descriptors[i] >= 0)
                        close(c->order.descriptors[i]);
        free(c->order.descriptors);
        free(c->order.app);
        free(c);
}

static void answer(ControlConnection *c, int value, const char *why) {
        control_send(c->fd, CONTROL_ANSWER, value, why, -1);
        end(c);
}

static void take_descriptor(ControlOrder *o, int fd) {
        xgrow(&o->descriptors, o->n_descriptors);
        o->descriptors[o->n_descriptors++] = fd;
}

/* What comes behind an order, or is none, ends the connection; what the order has begun goes on. */
static void on_message(void *userdata, uint32_t events) {
        ControlConnection *c = userdata;
        ControlOrder *o = &c->order;
        ControlMessage m;
        int fd, r = control_receive(c->fd, &m, &fd);
        if (r == -EAGAIN)
                return;
        if (r > 0 && o->kind == CONTROL_NONE && m.kind == CONTROL_DESCRIPTOR &&
                        (fd >= 0) == (m.value == 1) && o->n_descriptors < CONTROL_DESCRIPTORS_MAX) {
                take_descriptor(o, fd);
                return;
        }
        if (fd >= 0)
                close(fd);
        if (r > 0 && o->kind == CONTROL_NONE && m.kind >= CONTROL_ADD && m.kind < CONTROL_ANSWER) {
                o->kind = m.kind;
                o->value = m.value;
                o->app = xstrdup(m.text);
        } else
                end(c);
}

/* Somebody outside of the pod has no number here. */
static bool is_from_outside(int fd) {
        struct ucred peer;
        socklen_t size = sizeof(peer);
        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid == 0;
}

static void on_connection(void *userdata, uint32_t events) {
        Control *control = userdata;
        _cleanup_close_ int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0 || control->n_connections >= CONNECTIONS_MAX || !is_from_outside(fd))
                return;
        ControlConnection *c = xnew(ControlConnection, 1);
        c->control = control;
        c->source = (LoopSource){ .handle = on_message, .userdata = c, .fd = -1 };
        if (loop_watch(control->loop, &c->source, fd, EPOLLIN) < 0) {
                free(c);
                return;
        }
        c->fd = TAKE_FD(fd);
        c->next = control->connections;
        control->connections = c;
        control->n_connections++;
}

int control_open(Control *c, int loop) {
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/" CONTROL_SOCKET };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        *c = CONTROL_CLOSED;
        c->loop = loop;
        c->source = (LoopSource){ .handle = on_connection, .userdata = c, .fd = -1 };
        if (fd < 0 || (unlink(address.sun_path) < 0 && errno != ENOENT) ||
                        bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ||
                        chmod(address.sun_path, 0600) < 0 || listen(fd, SOMAXCONN) < 0)
                return -errno;
        int r = loop_watch(loop, &c->source, fd, EPOLLIN);
        if (r < 0)
                return r;
        c->fd = TAKE_FD(fd);
        return 0;
}

static void serve(ControlConnection *c, int (*handle)(ControlOrder *, char **, void *), void *userdata) {
        _cleanup_free_ char *why = NULL;
        if (c->order.kind == CONTROL_NONE)
                return;
        int r = handle(&c->order, &why, userdata);
        if (r == -EAGAIN)
                return;
        if (c->fd >= 0)
                answer(c, r, why);
        c->order.kind = CONTROL_NONE;
}

/* An order whose sender has gone is carried out all the same: half of it would help nobody. */
void control_serve(Control *c, int (*handle)(ControlOrder *, char **, void *), void *userdata) {
        for (ControlConnection **next = &c->connections; *next;) {
                ControlConnection *connection = *next;
                serve(connection, handle, userdata);
                if (connection->fd >= 0 || connection->order.kind != CONTROL_NONE) {
                        next = &connection->next;
                        continue;
                }
                *next = connection->next;
                connection_free(connection);
                c->n_connections--;
        }
}
