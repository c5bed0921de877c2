/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control-message.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "macro.h"
#include "send-fd.h"

int control_send(int socket, ControlKind kind, int value, const char *text, int fd) {
        ControlMessage m = { .kind = kind, .value = value };
        snprintf(m.text, sizeof(m.text), "%s", text ?: "");
        return send_with_fd(socket, &m, offsetof(ControlMessage, text) + strlen(m.text) + 1, fd);
}

int control_receive(int socket, ControlMessage *ret, int *ret_fd) {
        ssize_t n;
        do
                n = receive_with_fd(socket, ret, sizeof(*ret), 0, ret_fd);
        while (n == -EINTR);
        if (n <= 0)
                return (int) n;
        if (n <= (ssize_t) offsetof(ControlMessage, text) || ((char *) ret)[n - 1]) {
                if (*ret_fd >= 0)
                        close(TAKE_FD(*ret_fd));
                return -EBADMSG;
        }
        return 1;
}
