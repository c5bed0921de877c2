/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop.h"

#include <errno.h>
#include <sys/epoll.h>

#include "macro.h"

int loop_open(void) {
        int fd = epoll_create1(EPOLL_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int loop_watch(int loop, LoopSource *s, int fd, uint32_t events) {
        struct epoll_event e = { .events = events, .data.ptr = s };
        if (epoll_ctl(loop, EPOLL_CTL_ADD, fd, &e) < 0)
                return -errno;
        s->fd = fd;
        return 0;
}

void loop_forget(int loop, LoopSource *s) {
        if (s->fd >= 0)
                epoll_ctl(loop, EPOLL_CTL_DEL, TAKE_FD(s->fd), NULL);
}

_waiting_ int loop_turn(int loop, int timeout_ms) {
        struct epoll_event events[8];
        int n = epoll_wait(loop, events, ELEMENTSOF(events), timeout_ms);
        if (n < 0)
                return errno == EINTR ? 0 : -errno;
        for (int i = 0; i < n; i++) {
                LoopSource *s = events[i].data.ptr;
                if (s->fd >= 0) /* an earlier one of this turn may have ended it */
                        s->handle(s->userdata, events[i].events);
        }
        return n;
}
