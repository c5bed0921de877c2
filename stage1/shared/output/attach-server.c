/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "attach.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "alloc.h"

/* The socket is where no app can see it; but one with a volume of the host may have the host's /var/lib/rkt.
 * The number that a process has here tells: those of the pod have one. */
static bool is_of_the_pod(int fd) {
        struct ucred peer;
        socklen_t size = sizeof(peer);
        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.pid != 0;
}

static AttachClient *free_client(AttachServer *s) {
        for (size_t i = 0; i < ELEMENTSOF(s->clients); i++) {
                if (!s->clients[i]) {
                        s->clients[i] = xnew(AttachClient, 1);
                        return s->clients[i];
                }
                if (s->clients[i]->fd < 0)
                        return s->clients[i];
        }
        return NULL;
}

static void on_connection(void *userdata, uint32_t events) {
        AttachServer *s = userdata;
        _cleanup_close_ int fd = accept4(s->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
                return;
        AttachClient *c = is_of_the_pod(fd) ? NULL : free_client(s);
        if (c)
                attach_client_start(c, s, TAKE_FD(fd));
}

void attach_server_start(AttachServer *s, int socket, int loop) {
        *s = (AttachServer){
                .socket = socket,
                .loop = loop,
                .source = { .handle = on_connection, .userdata = s, .fd = -1 },
        };
        if (socket >= 0)
                loop_watch(loop, &s->source, socket, EPOLLIN);
}

bool attach_server_flushed(const AttachServer *s) {
        for (size_t i = 0; i < ELEMENTSOF(s->clients) && s->clients[i]; i++)
                if (s->clients[i]->fd >= 0 && s->clients[i]->full && !s->clients[i]->left_behind)
                        return false;
        return true;
}

AttachPoint *attach_server_find(const AttachServer *s, const char *name, size_t size) {
        for (AttachPoint *p = s->points; p; p = p->next)
                if (strlen(p->name) == size && memcmp(p->name, name, size) == 0)
                        return p;
        return NULL;
}
