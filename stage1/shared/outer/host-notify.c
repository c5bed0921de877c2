/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host-notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "file.h"
#include "log.h"

void host_notify(const char *message) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        const char *path = getenv("NOTIFY_SOCKET");
        size_t n = path ? strlen(path) : 0;
        if (n == 0)
                return;
        if ((*path != '/' && *path != '@') || n >= sizeof(address.sun_path)) {
                log_debug("NOTIFY_SOCKET=%s is not the address of a socket", path);
                return;
        }
        memcpy(address.sun_path, path, n);
        if (*path == '@')
                *address.sun_path = 0; /* an abstract name */
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || sendto(fd, message, strlen(message), MSG_NOSIGNAL, (struct sockaddr *) &address,
                                      (socklen_t) (offsetof(struct sockaddr_un, sun_path) + n)) < 0)
                log_warning_errno(errno, "cannot tell the service manager at %s", path);
}
