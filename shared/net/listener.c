/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "alloc.h"
#include "file.h"
#include "netlink.h"
#include "process.h"
#include "strv.h"

typedef struct Search {
        const NatPort *ports;
        size_t n;
        int protocol;
        /* What has been found */
        const NatPort *port;
        IpAddress address;
        uint32_t inode;
} Search;

/* Whether who is bound to an address of the host gets what goes to the port. A socket of IPv6 that is bound
 * to no address gets what comes by IPv4, unless it does not want to. */
static bool collides(const IpAddress *bound, bool v6only, const IpAddress *host) {
        if (ip_is_any(bound) && (!host->family || host->family == bound->family))
                return true;
        if (ip_is_any(bound))
                return bound->family == AF_INET6 && !v6only;
        if (!host->family)
                return true;
        return host->family == bound->family && (ip_is_any(host) || ip_equal(host, bound));
}

static int note(struct nlmsghdr *h, void *data) {
        Search *s = data;
        const struct inet_diag_msg *m = nlmsg_data(h);
        if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY || s->port)
                return 0;
        struct nlattr *only = nlmsg_find_attr(h, sizeof(*m), INET_DIAG_SKV6ONLY);
        IpAddress bound = { .family = m->idiag_family };
        memcpy(bound.bytes, m->id.idiag_src, ip_size(m->idiag_family));
        for (size_t i = 0; i < s->n && !s->port; i++) {
                const NatPort *p = &s->ports[i];
                if (p->protocol != s->protocol || p->host_port != ntohs(m->id.idiag_sport) ||
                                !collides(&bound, only && nla_get_u8(only), &p->host))
                        continue;
                s->port = p;
                s->address = bound;
                s->inode = m->idiag_inode;
        }
        return 0;
}

/* Who waits for connections, and for datagrams from anybody. */
static int ask(Netlink *n, int family, Search *s) {
        struct inet_diag_req_v2 request = { .sdiag_family = (uint8_t) family,
                .sdiag_protocol = (uint8_t) s->protocol,
                .idiag_states = 1u << (s->protocol == IPPROTO_UDP ? TCP_CLOSE : TCP_LISTEN) };
        int r = netlink_call(n, netlink_message(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request, sizeof(request)),
                        note, s);
        return r == -ENOENT || r == -EINVAL || r == -EAFNOSUPPORT || r == -EOPNOTSUPP ? 0 : r;
}

static bool has_protocol(const NatPort *ports, size_t n, int protocol) {
        for (size_t i = 0; i < n; i++)
                if (ports[i].protocol == protocol)
                        return true;
        return false;
}

static bool has_socket(const char *process, const char *name) {
        _cleanup_free_ char *path = xasprintf("/proc/%s/fd", process);
        _cleanup_strv_ char **numbers = NULL;
        if (list_directory_at(AT_FDCWD, path, &numbers) < 0)
                return false;
        STRV_FOREACH (number, numbers) {
                _cleanup_free_ char *link = xasprintf("%s/%s", path, *number);
                char target[64];
                ssize_t n = readlink(link, target, sizeof(target) - 1);
                target[MAX(n, 0)] = 0;
                if (streq(target, name))
                        return true;
        }
        return false;
}

/* The process that has the socket, or what it is without one: that of a kernel's service, or of another
 * namespace of processes. */
static char *name_owner(uint32_t inode) {
        _cleanup_free_ char *name = xasprintf("socket:[%u]", inode);
        _cleanup_strv_ char **processes = NULL;
        if (list_directory_at(AT_FDCWD, "/proc", &processes) < 0)
                return xstrdup("a socket");
        STRV_FOREACH (p, processes) {
                if (!strchr("0123456789", **p) || !has_socket(*p, name))
                        continue;
                _cleanup_free_ char *path = xasprintf("/proc/%s/comm", *p), *comm = NULL;
                if (read_line_at(AT_FDCWD, path, &comm) >= 0)
                        return xasprintf("%s (process %s)", comm, *p);
        }
        return xstrdup("a socket of no process here");
}

static char *describe(const Search *s) {
        char address[IP_TEXT_MAX];
        _cleanup_free_ char *owner = name_owner(s->inode);
        return xasprintf(s->address.family == AF_INET6 ? "%s port %u: %s has it at [%s]"
                                                       : "%s port %u: %s has it at %s",
                        nat_protocol_name(s->protocol), s->port->host_port, owner,
                        ip_format(&s->address, address));
}

int listener_find(const NatPort *ports, size_t n, char **ret) {
        static const int protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
        static const int families[] = { AF_INET, AF_INET6 };
        _cleanup_netlink_ Netlink *netlink = NULL;
        Search s = { .ports = ports, .n = n };
        int r = 0;
        *ret = NULL;
        if (n == 0 || (r = netlink_open_protocol(-1, NETLINK_SOCK_DIAG, &netlink)) < 0)
                return r == -EPROTONOSUPPORT ? 0 : r;
        for (size_t i = 0; i < ELEMENTSOF(protocols) && r >= 0; i++) {
                s.protocol = protocols[i];
                for (size_t f = 0; has_protocol(ports, n, s.protocol) && f < ELEMENTSOF(families) &&
                                   r >= 0 && !s.port;
                                f++)
                        r = ask(netlink, families[f], &s);
                if (s.port)
                        break;
        }
        if (r >= 0 && s.port)
                *ret = describe(&s);
        return r;
}
