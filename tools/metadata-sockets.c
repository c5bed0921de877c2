/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metadata-sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "alloc.h"
#include "file.h"
#include "log.h"
#include "metadata-url.h"

#define BACKLOG 128

static void add(int **list, size_t *n, int fd) {
        xgrow(list, *n);
        (*list)[(*n)++] = fd;
}

static int take_passed(MetadataSockets *s) {
        int n = sd_listen_fds(1);
        if (n < 0)
                return log_error_errno(n, "cannot take the sockets from systemd");
        for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
                if (sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) > 0)
                        add(&s->registration, &s->n_registration, fd);
                else if (sd_is_socket(fd, AF_INET, SOCK_STREAM, 1) > 0 ||
                                sd_is_socket(fd, AF_INET6, SOCK_STREAM, 1) > 0)
                        add(&s->public, &s->n_public, fd);
                else {
                        log_error("descriptor %d from systemd is not a listening stream socket", fd);
                        return -EINVAL;
                }
        }
        s->passed = s->n_registration > 0 && s->n_public > 0;
        return 0;
}

/* One whose server has died is in the way of the next. */
static int remove_stale(const struct sockaddr_un *address) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return log_error_errno(errno, "socket");
        if (connect(fd, (const struct sockaddr *) address, sizeof(*address)) == 0) {
                log_error("there is a metadata service at %s already", address->sun_path);
                return -EADDRINUSE;
        }
        if (errno == ECONNREFUSED && unlink(address->sun_path) < 0)
                return log_error_errno(errno, "cannot remove %s", address->sun_path);
        return 0;
}

static int listen_for_registrations(int *ret) {
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = METADATA_SOCKET };
        int r = mkdir_parents_at(AT_FDCWD, "/run/rkt", 0755);
        if (r < 0)
                return log_error_errno(r, "cannot make /run/rkt");
        if ((r = remove_stale(&address)) < 0)
                return r;
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        mode_t before = umask(0117);
        r = fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ? -errno : 0;
        umask(before);
        if (r < 0 || listen(fd, BACKLOG) < 0)
                return log_error_errno(r < 0 ? r : errno, "cannot listen at " METADATA_SOCKET);
        *ret = TAKE_FD(fd);
        return 0;
}

/* One socket is for both families, unless the host has no IPv6. */
static int listen_at_port(uint16_t port, int *ret) {
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
        struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
        const int yes = 1, no = 0;
        _cleanup_close_ int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        bool has_v6 = fd >= 0;
        if (!has_v6)
                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
                        (has_v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) < 0) ||
                        (has_v6 ? bind(fd, (struct sockaddr *) &v6, sizeof(v6))
                                : bind(fd, (struct sockaddr *) &v4, sizeof(v4))) < 0 ||
                        listen(fd, BACKLOG) < 0)
                return log_error_errno(errno, "cannot listen at port %u", port);
        *ret = TAKE_FD(fd);
        return 0;
}

int metadata_sockets_open(MetadataSockets *ret, uint16_t port) {
        *ret = (MetadataSockets){};
        int fd = -1, r = take_passed(ret);
        if (r >= 0 && ret->n_public == 0 && (r = listen_at_port(port, &fd)) >= 0)
                add(&ret->public, &ret->n_public, fd);
        if (r >= 0 && ret->n_registration == 0 && (r = listen_for_registrations(&fd)) >= 0) {
                add(&ret->registration, &ret->n_registration, fd);
                ret->made = true;
        }
        return r;
}

void metadata_sockets_done(MetadataSockets *s) {
        if (s->made)
                unlink(METADATA_SOCKET);
        free(s->registration);
        free(s->public);
        *s = (MetadataSockets){};
}
