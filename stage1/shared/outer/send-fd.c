/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "send-fd.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "macro.h"

typedef union Control {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
} Control;

int send_with_fd(int socket, const void *data, size_t size, int fd) {
        Control control = {};
        struct iovec part = { (void *) data, size };
        struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
        if (fd >= 0) {
                m.msg_control = &control;
                m.msg_controllen = sizeof(control);
                control.header = (struct cmsghdr){
                        .cmsg_level = SOL_SOCKET,
                        .cmsg_type = SCM_RIGHTS,
                        .cmsg_len = CMSG_LEN(sizeof(int)),
                };
                memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
        }
        return sendmsg(socket, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

ssize_t receive_with_fd(int socket, void *data, size_t size, int flags, int *ret_fd) {
        Control control = {};
        struct iovec part = { data, size };
        /* room for one, not for the two that alignment would leave room for: of more, the kernel closes the
         * rest */
        struct msghdr m = { .msg_iov = &part,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = CMSG_LEN(sizeof(int)) };
        ssize_t n = recvmsg(socket, &m, flags | MSG_CMSG_CLOEXEC);
        *ret_fd = -1;
        if (n < 0)
                return -errno;
        if (m.msg_controllen >= CMSG_LEN(sizeof(int)) && control.header.cmsg_type == SCM_RIGHTS &&
                        control.header.cmsg_len == CMSG_LEN(sizeof(int)))
                memcpy(ret_fd, CMSG_DATA(&control.header), sizeof(int));
        return n;
}
