/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dhcp-listener.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "alloc.h"
#include "file.h"
#include "log.h"
#include "option.h"

#define FIRST_PASSED 3

static int variable(const char *name) {
        const char *text = getenv(name);
        uint64_t value;
        return text && parse_uint(text, INT32_MAX, &value) >= 0 ? (int) value : -1;
}

static int passed_socket(void) {
        if (variable("LISTEN_PID") != getpid() || variable("LISTEN_FDS") < 1)
                return -1;
        int flags = fcntl(FIRST_PASSED, F_GETFL);
        fd_close_on_exec(FIRST_PASSED, true);
        fcntl(FIRST_PASSED, F_SETFL, flags | O_NONBLOCK);
        return FIRST_PASSED;
}

/* Whether somebody answers at the address; a file that nobody does is in the way. */
static bool answers(const struct sockaddr_un *address) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        return connect(fd, (const struct sockaddr *) address, sizeof(*address)) >= 0 ||
               errno != ECONNREFUSED;
}

static int bind_private(int fd, const struct sockaddr_un *address) {
        mode_t before = umask(0177);
        int r = bind(fd, (const struct sockaddr *) address, sizeof(*address)) < 0 ? -errno : 0;
        umask(before);
        return r;
}

static int make_socket(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        strcpy(address.sun_path, path);
        _cleanup_free_ char *directory = xstrndup(path, strrchr(path, '/') ? strrchr(path, '/') - path : 0);
        int r = *directory ? mkdir_parents_at(AT_FDCWD, directory, 0755) : 0;
        if (r < 0)
                return r;
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        r = bind_private(fd, &address);
        if (r == -EADDRINUSE && !answers(&address) && unlink(path) >= 0)
                r = bind_private(fd, &address);
        if (r >= 0 && listen(fd, SOMAXCONN) < 0)
                r = -errno;
        return r < 0 ? r : TAKE_FD(fd);
}

int dhcp_listener_open(const char *path, bool *ret_activated) {
        int fd = passed_socket();
        *ret_activated = fd >= 0;
        if (fd < 0)
                fd = make_socket(path);
        return fd < 0 ? log_error_errno(fd, "cannot listen at %s", path) : fd;
}
