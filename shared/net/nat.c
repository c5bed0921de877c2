/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nat.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <strings.h>

#include "alloc.h"
#include "nat-backends.h"

/* Of nftables' elements and of xt_comment, without the NUL: the shorter one's. */
#define COMMENT_MAX 127
/* Stands for the network in what rkt itself adds: no network can have this name. */
#define NO_NETWORK "-"

static const char *const backend_names[_NAT_BACKEND_MAX] = {
        [NAT_NFTABLES] = "nftables",
        [NAT_IPTABLES] = "iptables",
};

const char *nat_backend_name(NatBackend b) {
        return backend_names[b];
}

int nat_backend_parse(const char *word, NatBackend *ret) {
        for (NatBackend b = 0; b < _NAT_BACKEND_MAX; b++)
                if (streq(backend_names[b], word)) {
                        *ret = b;
                        return 0;
                }
        return -EINVAL;
}

NatBackend nat_backend_of_host(void) {
        return iptables_is_used(true) || !nft_is_there() ? NAT_IPTABLES : NAT_NFTABLES;
}

int nat_fail(char **ret_error, int error, const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        free(*ret_error); /* of an attempt before */
        *ret_error = xvasprintf(format, ap);
        va_end(ap);
        return error;
}

int nat_owner_text(const NatOwner *o, char **ret, char **ret_error) {
        _cleanup_free_ char *text = xasprintf("%s %s", o->network ?: NO_NETWORK, o->container);
        if (strlen(text) > COMMENT_MAX)
                return nat_fail(ret_error, -ENAMETOOLONG,
                                "the rules of \"%s\" need a name of at most %d characters", text,
                                COMMENT_MAX);
        *ret = TAKE_PTR(text);
        return 0;
}

bool nat_owner_parse(char *text, NatOwner *ret) {
        char *space = strchr(text, ' ');
        if (!space || space == text || !space[1] || strchr(space + 1, ' '))
                return false;
        *space = 0;
        *ret = (NatOwner){ .network = streq(text, NO_NETWORK) ? NULL : text, .container = space + 1 };
        return true;
}

static const struct {
        const char *name;
        int number;
} protocols[] = { { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP }, { "sctp", IPPROTO_SCTP } };

const char *nat_protocol_name(int protocol) {
        for (size_t i = 0; i < ELEMENTSOF(protocols); i++)
                if (protocols[i].number == protocol)
                        return protocols[i].name;
        return "unknown";
}

int nat_protocol_parse(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(protocols); i++)
                if (strcasecmp(protocols[i].name, name) == 0)
                        return protocols[i].number;
        return -EINVAL;
}

int nat_port_is_taken(char **ret_error, int protocol, uint16_t port, const IpAddress *to, uint16_t to_port,
                const char *owner) {
        _cleanup_free_ char *text = xstrdup(owner), *where = NULL;
        char address[IP_TEXT_MAX];
        NatOwner o = { .container = text };
        nat_owner_parse(text, &o);
        if (to)
                where = xasprintf(to->family == AF_INET6 ? ", [%s]:%u" : ", %s:%u", ip_format(to, address),
                                to_port);
        return nat_fail(ret_error, -EADDRINUSE, "%s port %u of the host leads to %s already%s%s%s",
                        nat_protocol_name(protocol), port, o.container, where ?: "",
                        o.network ? ", in the network " : "", o.network ?: "");
}

const IpPrefix *nat_target(const NatPorts *p, int family) {
        for (size_t i = 0; i < p->n_targets; i++)
                if (p->targets[i].address.family == family)
                        return &p->targets[i];
        return NULL;
}

bool nat_port_is_of(const NatPort *p, int family) {
        return !p->host.family || p->host.family == family;
}

const IpAddress *nat_port_host(const NatPort *p) {
        return p->host.family && !ip_is_any(&p->host) ? &p->host : NULL;
}

int nat_masquerade_add(
                NatBackend b, const NatOwner *o, const IpPrefix *addresses, size_t n, char **ret_error) {
        return (b == NAT_NFTABLES ? nft_masquerade_add : iptables_masquerade_add)(
                        o, addresses, n, ret_error);
}

/* Where two of them lead nobody could say. */
static int refuse_twins(const NatPorts *p, char **ret_error) {
        for (size_t i = 0; i < p->n_ports; i++)
                for (size_t k = 0; k < i; k++) {
                        const NatPort *a = &p->ports[i], *b = &p->ports[k];
                        if (a->protocol == b->protocol && a->host_port == b->host_port &&
                                        a->host.family == b->host.family && ip_equal(&a->host, &b->host))
                                return nat_fail(ret_error, -EADDRINUSE,
                                                "%s port %u of the host is given twice",
                                                nat_protocol_name(a->protocol), a->host_port);
                }
        return 0;
}

int nat_ports_add(NatBackend b, const NatOwner *o, const NatPorts *p, char **ret_error) {
        int r = refuse_twins(p, ret_error);
        return r < 0 ? r : (b == NAT_NFTABLES ? nft_ports_add : iptables_ports_add)(o, p, ret_error);
}

int nat_masquerade_check(
                NatBackend b, const NatOwner *o, const IpPrefix *addresses, size_t n, char **ret_error) {
        return (b == NAT_NFTABLES ? nft_masquerade_check : iptables_masquerade_check)(
                        o, addresses, n, ret_error);
}

int nat_ports_check(NatBackend b, const NatOwner *o, const NatPorts *p, char **ret_error) {
        return (b == NAT_NFTABLES ? nft_ports_check : iptables_ports_check)(o, p, ret_error);
}

int nat_masquerade_remove(const NatOwner *o, char **ret_error) {
        int r = nft_masquerade_remove(o, ret_error);
        int q = iptables_is_used(false) ? iptables_masquerade_remove(o, ret_error) : 0;
        return r < 0 ? r : q;
}

int nat_ports_remove(const NatOwner *o, char **ret_error) {
        int r = nft_ports_remove(o, ret_error);
        int q = iptables_is_used(false) ? iptables_ports_remove(o, ret_error) : 0;
        return r < 0 ? r : q;
}

int nat_collect(bool (*keep)(const NatOwner *o, void *data), void *data, char **ret_error) {
        int r = nft_collect(keep, data, ret_error);
        int q = iptables_is_used(false) ? iptables_collect(keep, data, ret_error) : 0;
        return r < 0 ? r : q;
}
