/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "published-ports.h"

#include <arpa/inet.h>
#include <errno.h>

#include "alloc.h"
#include "strv.h"

static int fail(char **ret_error, char *message) {
        *ret_error = message;
        return -EINVAL;
}

static int fail_unknown(const PodManifest *m, const char *name, char **ret_error) {
        _cleanup_strv_ char **names = strv_copy(NULL);
        for (size_t i = 0; i < m->n_apps; i++)
                for (size_t k = 0; m->apps[i].app && k < m->apps[i].app->n_ports; k++)
                        strv_add(&names, m->apps[i].app->ports[k].name);
        _cleanup_free_ char *all = strv_join(names, ", ");
        return fail(ret_error,
                        xasprintf("published port \"%s\": no app of the pod has a port of that name; %s%s",
                                        name, *names ? "they have " : "they have none", all));
}

static int find_port(const PodManifest *m, const ExposedPort *exposed, const Port **ret, char **ret_error) {
        const RuntimeApp *owner = NULL;
        *ret = exposed->pod_port;
        for (size_t i = 0; !exposed->pod_port && i < m->n_apps; i++) {
                const App *app = m->apps[i].app;
                for (size_t k = 0; app && k < app->n_ports; k++) {
                        if (!streq(app->ports[k].name, exposed->name))
                                continue;
                        if (owner)
                                return fail(ret_error,
                                                xasprintf("published port \"%s\": more than one app of the "
                                                          "pod "
                                                          "has a port of that name: \"%s\" and \"%s\"",
                                                                exposed->name, owner->name,
                                                                m->apps[i].name));
                        owner = &m->apps[i];
                        *ret = &app->ports[k];
                }
        }
        return *ret ? 0 : fail_unknown(m, exposed->name, ret_error);
}

static int check(const PublishedPort *p, char **ret_error) {
        if (!streq(p->protocol, "tcp") && !streq(p->protocol, "udp") && !streq(p->protocol, "sctp"))
                return fail(ret_error, xasprintf("published port \"%s\": a port of the host can be tcp, udp "
                                                 "or sctp, not "
                                                 "\"%s\"",
                                                       p->name, p->protocol));
        if (p->host_port + p->count > 65536)
                return fail(ret_error, xasprintf("published port \"%s\": %u ports from %u on are more than "
                                                 "there are",
                                                       p->name, p->count, p->host_port));
        return 0;
}

typedef struct Address {
        int family; /* 0: of both families */
        bool any;
        uint8_t bytes[16];
} Address;

static Address parse_address(const char *text) {
        static const uint8_t zeros[16];
        Address a = { .any = !text };
        if (text && inet_pton(AF_INET, text, a.bytes) == 1)
                a.family = AF_INET;
        else if (text && inet_pton(AF_INET6, text, a.bytes) == 1)
                a.family = AF_INET6;
        a.any = a.any || memcmp(a.bytes, zeros, sizeof(zeros)) == 0;
        return a;
}

static bool addresses_meet(const char *one, const char *other) {
        Address a = parse_address(one), b = parse_address(other);
        return (!a.family || !b.family || a.family == b.family) &&
               (a.any || b.any || memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0);
}

static int refuse_twins(const PublishedPort *ports, size_t n, char **ret_error) {
        for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < i; k++) {
                        const PublishedPort *a = &ports[k], *b = &ports[i];
                        if (streq(a->protocol, b->protocol) && a->host_port < b->host_port + b->count &&
                                        b->host_port < a->host_port + a->count &&
                                        addresses_meet(a->host_ip, b->host_ip))
                                return fail(ret_error, xasprintf("published ports \"%s\" and \"%s\": both "
                                                                 "take %s port %u of "
                                                                 "the host",
                                                                       a->name, b->name, a->protocol,
                                                                       MAX(a->host_port, b->host_port)));
                }
        return 0;
}

int published_ports_resolve(const PodManifest *m, PublishedPort **ret, size_t *ret_n, char **ret_error) {
        _cleanup_free_ PublishedPort *ports = xnew(PublishedPort, m->n_ports);
        size_t n = 0;
        for (size_t i = 0; i < m->n_ports; i++) {
                const ExposedPort *exposed = &m->ports[i];
                const Port *port;
                int r = find_port(m, exposed, &port, ret_error);
                if (r < 0)
                        return r;
                if (port->socket_activated)
                        continue;
                ports[n] = (PublishedPort){ exposed->name, port->protocol, exposed->host_ip,
                        exposed->host_port, port->port, port->count };
                r = check(&ports[n++], ret_error);
                if (r < 0)
                        return r;
        }
        int r = refuse_twins(ports, n, ret_error);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(ports);
        *ret_n = n;
        return 0;
}
