/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "notify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "alloc.h"
#include "boot.h"
#include "file.h"
#include "notify-message.h"

#define MESSAGE_MAX 4096

int notify_open(Notify *n, size_t number) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        snprintf(address.sun_path, sizeof(address.sun_path), NOTIFY_PATH, number);
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        int r = mkdir_parents_at(AT_FDCWD, "/run/rkt/notify", 0755);
        if (r < 0)
                return r;
        /* whatever user the app is: only its own processes see it */
        if (bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 || chmod(address.sun_path, 0666) < 0)
                return -errno;
        *n = NOTIFY_NONE;
        n->fd = TAKE_FD(fd);
        n->number = number;
        return 0;
}

/* Descriptors that come with a message are closed by the kernel: nobody has room for them here, and this is
 * what a barrier (sd_notify_barrier) waits for. */
static void on_message(void *userdata, uint32_t events) {
        Notify *n = userdata;
        char text[MESSAGE_MAX];
        ssize_t size = recv(n->fd, text, sizeof(text) - 1, MSG_TRUNC);
        if (size < 0 || size >= (ssize_t) sizeof(text))
                return;
        NotifyMessage m;
        text[size] = 0;
        if (n->pass_on)
                n->pass_on(n->userdata, text);
        notify_message_parse(text, &m);
        n->ready = (n->ready && !m.reloading) || m.ready;
        n->reloading |= m.reloading;
        n->alive |= m.alive;
        n->trigger |= m.trigger;
        if (m.extend) {
                free(n->extend);
                n->extend = xasprintf("%.20s", m.extend);
        }
        if (!m.status)
                return;
        free(n->status);
        n->status = xasprintf("%.*s", BOOT_MESSAGE_MAX / 2, m.status);
}

void notify_watch(Notify *n, int loop) {
        if (n->fd < 0)
                return;
        n->source = (LoopSource){ .handle = on_message, .userdata = n, .fd = -1 };
        loop_watch(loop, &n->source, n->fd, EPOLLIN);
}

void notify_close(Notify *n, int loop) {
        _cleanup_free_ char *path = xasprintf(NOTIFY_PATH, n->number);
        if (n->fd < 0)
                return;
        unlink(path);
        loop_forget(loop, &n->source);
        close(n->fd);
        free(n->status);
        free(n->extend);
        *n = NOTIFY_NONE;
}
