/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dhcp-connection.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "alloc.h"
#include "file.h"
#include "log.h"

#define REQUEST_MAX (5 * 1024 * 1024)
#define CHUNK       65536

Connection *connection_accept(int listener) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
                if (errno != EAGAIN && errno != ECONNABORTED)
                        log_error_errno(errno, "cannot accept a connection");
                return NULL;
        }
        Connection *c = xnew(Connection, 1);
        c->fd = fd;
        return c;
}

void connection_free(Connection *c) {
        close(c->fd);
        free(c->text);
        free(c);
}

int connection_read(Connection *c) {
        for (;;) {
                c->text = xreallocarray(c->text, c->size + CHUNK + 1, 1);
                ssize_t n = read(c->fd, c->text + c->size, CHUNK);
                if (n < 0)
                        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
                c->size += n;
                c->text[c->size] = 0;
                if (n == 0)
                        return c->size > 0 ? 1 : -ENODATA; /* nothing: it only wanted to see us */
                if (c->size > REQUEST_MAX)
                        return -EFBIG;
        }
}

/* It fits into the socket's buffer, or its reader is there: nobody can hold up the others for long. */
static void reply(Connection *c, json_object *o) {
        _cleanup_free_ char *text = json_to_text(o, false);
        struct timeval limit = { .tv_sec = 1 };
        setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
        int flags = fcntl(c->fd, F_GETFL);
        fcntl(c->fd, F_SETFL, flags & ~O_NONBLOCK);
        int r = write_all(c->fd, text, strlen(text));
        if (r < 0)
                log_debug_errno(r, "an answer is not wanted any more");
}

void connection_answer(Connection *c, json_object *result) {
        _cleanup_json_ json_object *o = json_object_new_object();
        if (result)
                json_object_object_add(o, "result", result);
        reply(c, o);
}

void connection_fail(Connection *c, int code, const char *error) {
        _cleanup_json_ json_object *o = json_object_new_object();
        json_object_object_add(o, "code", json_object_new_int(code));
        json_object_object_add(o, "error", json_object_new_string(error));
        reply(c, o);
}
