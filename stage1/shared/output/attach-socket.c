/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "attach-socket.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "attach-message.h"
#include "log.h"

#define BACKLOG 16

static bool is_wanted(const Plan *p) {
        for (size_t i = 0; i < p->n_apps; i++)
                if (app_io_attachable(&p->apps[i].io))
                        return true;
        return p->mutable; /* one may come */
}

int attach_socket_open(const Plan *p, int pod, int *ret) {
        /* relative: an absolute name may be longer than a socket's can be */
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "stage1/rootfs/" ATTACH_SOCKET };
        struct stat st;
        *ret = -1;
        if (!is_wanted(p))
                return 0;
        if (unlink(address.sun_path) < 0 && errno != ENOENT)
                return log_error_errno(errno, "cannot remove %s", address.sun_path);
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        /* nobody can connect before it listens */
        if (fd < 0 || fstat(pod, &st) < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ||
                        chmod(address.sun_path, 0660) < 0 ||
                        chown(address.sun_path, (uid_t) -1, st.st_gid) < 0 || listen(fd, BACKLOG) < 0)
                return log_error_errno(errno, "cannot make the socket %s", address.sun_path);
        *ret = TAKE_FD(fd);
        return 0;
}
