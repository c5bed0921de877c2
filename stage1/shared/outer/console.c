/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "alloc.h"

int console_reopen(int fd) {
        struct stat st;
        /* The description is shared with the caller, who would be surprised by O_NONBLOCK: pipes and
         * terminals are opened again. Files take what they get; sockets have a flag for each call. */
        if (fstat(fd, &st) >= 0 && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))) {
                char path[32];
                snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
                int again = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
                if (again >= 0)
                        return again;
        }
        return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

Console console_open(int fd) {
        struct stat st;
        return (Console){
                .fd = fd, .source.fd = -1, .socket = fd >= 0 && fstat(fd, &st) >= 0 && S_ISSOCK(st.st_mode)
        };
}

static void drop(Console *c) {
        loop_forget(c->loop, &c->source);
        close(TAKE_FD(c->fd));
        free(TAKE_PTR(c->pending));
        c->n_pending = 0;
}

static ssize_t send_parts(Console *c, const struct iovec *parts, int n_parts) {
        ssize_t n;
        do
                if (c->socket) {
                        struct msghdr m = { .msg_iov = (struct iovec *) parts,
                                .msg_iovlen = (size_t) n_parts };
                        n = sendmsg(c->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
                } else
                        n = writev(c->fd, parts, n_parts);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : n;
}

static void on_writable(void *userdata, uint32_t events) {
        Console *c = userdata;
        struct iovec part = { c->pending, c->n_pending };
        ssize_t n = send_parts(c, &part, 1);
        if (n == -EAGAIN)
                return;
        if (n < 0) {
                drop(c);
        } else if ((size_t) n < c->n_pending) {
                memmove(c->pending, c->pending + n, c->n_pending - (size_t) n);
                c->n_pending -= (size_t) n;
                return;
        } else {
                loop_forget(c->loop, &c->source);
                free(TAKE_PTR(c->pending));
                c->n_pending = 0;
        }
        c->writable(c->userdata);
}

void console_attach(Console *c, int loop, void (*writable)(void *), void *userdata) {
        c->loop = loop;
        c->writable = writable;
        c->userdata = userdata;
        c->source.handle = on_writable;
        c->source.userdata = c;
}

bool console_ready(const Console *c) {
        return c->n_pending == 0;
}

void console_write(Console *c, const struct iovec *parts, int n_parts) {
        if (c->fd < 0)
                return;
        size_t size = 0, written = 0;
        for (int i = 0; i < n_parts; i++)
                size += parts[i].iov_len;
        if (c->n_pending == 0) {
                ssize_t n = send_parts(c, parts, n_parts);
                if (n < 0 && n != -EAGAIN) {
                        drop(c);
                        return;
                }
                written = n < 0 ? 0 : (size_t) n;
        }
        if (written == size)
                return;

        bool first = c->n_pending == 0;
        c->pending = xreallocarray(c->pending, c->n_pending + size - written, 1);
        for (int i = 0; i < n_parts; i++) {
                size_t skip = MIN(written, parts[i].iov_len);
                memcpy(c->pending + c->n_pending, (char *) parts[i].iov_base + skip,
                                parts[i].iov_len - skip);
                c->n_pending += parts[i].iov_len - skip;
                written -= skip;
        }
        if (first && loop_watch(c->loop, &c->source, c->fd, EPOLLOUT) < 0)
                drop(c);
}
