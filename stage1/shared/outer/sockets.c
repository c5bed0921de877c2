/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "alloc.h"
#include "listen-fds.h"
#include "log.h"
#include "pod-manifest.h"
#include "strv.h"

int sockets_take(Sockets *ret) {
        size_t n = listen_fds_count();
        const char *names = getenv("LISTEN_FDNAMES");
        _cleanup_strv_ char **given = n > 0 && names ? strv_split(names, ':') : NULL;
        *ret = (Sockets){ .fds = n > 0 ? xnew(int, n) : NULL };
        for (; ret->n < n; ret->n++) {
                int fd = LISTEN_FDS_START + (int) ret->n;
                int moved = fcntl(fd, F_DUPFD_CLOEXEC, LISTEN_FDS_START + (int) n);
                if (moved < 0)
                        return log_error_errno(errno, "descriptor %d, which should be a socket", fd);
                close(fd);
                ret->fds[ret->n] = moved;
                strv_add(&ret->names, ret->n < strv_length(given) ? given[ret->n] : "unknown");
        }
        unsetenv("LISTEN_PID");
        unsetenv("LISTEN_FDS");
        unsetenv("LISTEN_FDNAMES");
        return 0;
}

/* The port that it is bound to; 0: it is not one of the Internet's. */
static uint16_t port_of(int fd, const char **ret_protocol) {
        union {
                struct sockaddr any;
                struct sockaddr_in in;
                struct sockaddr_in6 in6;
                struct sockaddr_storage space;
        } address;
        socklen_t size = sizeof(address), type_size = sizeof(int);
        int type = 0;
        if (getsockname(fd, &address.any, &size) < 0 ||
                        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) < 0)
                return 0;
        *ret_protocol = type == SOCK_DGRAM ? "udp" : "tcp";
        if (address.any.sa_family == AF_INET)
                return ntohs(address.in.sin_port);
        return address.any.sa_family == AF_INET6 ? ntohs(address.in6.sin6_port) : 0;
}

/* As it is published on the host; in the host's network, as it is. */
static bool has_port(const PodManifest *m, const RuntimeApp *a, uint16_t port, const char *protocol) {
        for (size_t i = 0; a->app && i < a->app->n_ports; i++) {
                const Port *p = &a->app->ports[i];
                uint16_t number = p->port;
                for (size_t j = 0; j < m->n_ports; j++)
                        if (streq(m->ports[j].name, p->name))
                                number = m->ports[j].host_port;
                if (p->socket_activated && number == port && streq(p->protocol, protocol))
                        return true;
        }
        return false;
}

static void give(AppSockets *to, const Sockets *s, size_t index) {
        to->fds = xreallocarray(to->fds, to->n + 1, sizeof(*to->fds));
        to->fds[to->n++] = s->fds[index];
        strv_add(&to->names, s->names[index]);
}

static bool assign(const Sockets *s, size_t index, const PodManifest *m, const Plan *plan) {
        const char *protocol = NULL;
        uint16_t port = port_of(s->fds[index], &protocol);
        for (size_t i = 0; port > 0 && i < plan->n_apps; i++) {
                const RuntimeApp *a = pod_manifest_find_app(m, plan->apps[i].name);
                if (a && has_port(m, a, port, protocol)) {
                        give(&s->apps[i], s, index);
                        return true;
                }
        }
        bool taken = false;
        for (size_t i = 0; i < plan->n_apps; i++)
                if (strv_contains(plan->apps[i].life.sockets, s->names[index])) {
                        give(&s->apps[i], s, index);
                        taken = true;
                }
        if (!taken && plan->n_apps == 1 && !plan->apps[0].life.sockets)
                give(&s->apps[0], s, index);
        return taken || (plan->n_apps == 1 && !plan->apps[0].life.sockets);
}

void sockets_assign(Sockets *s, const PodManifest *m, const Plan *plan) {
        if (s->n == 0)
                return;
        s->apps = xnew(AppSockets, plan->n_apps);
        for (size_t i = 0; i < s->n; i++)
                if (!assign(s, i, m, plan))
                        log_warning("no app takes the socket \"%s\" of the unit: name it with --sockets",
                                        s->names[i]);
}

void sockets_close(Sockets *s) {
        for (size_t i = 0; i < s->n; i++)
                close(s->fds[i]);
        s->n = 0;
}
