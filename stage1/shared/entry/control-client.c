/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control-client.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "macro.h"

int control_connect(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "stage1/rootfs/" CONTROL_SOCKET };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return log_error_errno(errno, "cannot make a socket");
        if (connect(fd, (struct sockaddr *) &address, sizeof(address)) >= 0)
                return TAKE_FD(fd);
        if (errno != ENOENT && errno != ECONNREFUSED)
                return log_error_errno(errno, "cannot reach the pod's PID 1 at %s", address.sun_path);
        log_error("the pod's PID 1 takes no orders at %s: the pod has ended, or was not started by rkt app "
                  "sandbox",
                        address.sun_path);
        return -ESRCH;
}

int control_ask(int socket, ControlKind kind, int value, const char *app) {
        ControlMessage m = {};
        int fd, r = control_send(socket, kind, value, app, -1);
        if (r >= 0)
                r = control_receive(socket, &m, &fd);
        if (r == 0)
                r = -ECONNRESET;
        if (r < 0)
                return log_error_errno(r, "app %s: the pod's PID 1 has not answered", app);
        /* until it has closed its side: then nothing of this is left there */
        while (control_receive(socket, &(ControlMessage){}, &fd) > 0)
                ;
        if (m.kind != CONTROL_ANSWER)
                return log_error_errno(EBADMSG, "app %s: the pod's PID 1", app);
        if (m.value < 0)
                log_error("app %s: %s", app, *m.text ? m.text : strerror(-m.value));
        return m.value;
}
