/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "log.h"
#include "macro.h"

int client_send_on(int fd, const char *request) {
        return send(fd, request, strlen(request), MSG_NOSIGNAL) < 0
                               ? log_error_errno(errno, "cannot speak to the pod's agent")
                               : 0;
}

int client_send(const char *request) {
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = AGENT_SOCKET };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return log_error_errno(errno, "cannot connect to the pod's agent");
        int r = client_send_on(fd, request);
        return r < 0 ? r : TAKE_FD(fd);
}

int client_receive(int fd, int *ret) {
        ssize_t n;
        do
                n = recv(fd, ret, sizeof(*ret), 0);
        while (n < 0 && errno == EINTR);
        if (n == sizeof(*ret))
                return 0;
        log_error("the pod's agent does not answer");
        return -EIO;
}
