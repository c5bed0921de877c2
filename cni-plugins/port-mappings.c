/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port-mappings.h"

#include <errno.h>

#include "alloc.h"

static int parse_protocol(JsonContext *j, const char *name, int *ret) {
        *ret = nat_protocol_parse(name);
        return *ret < 0 ? json_fail(j, "expected the protocol tcp, udp or sctp, found \"%s\"", name) : 0;
}

static int parse_host(JsonContext *j, const char *text, IpAddress *ret) {
        if (!isempty(text) && ip_parse(text, ret) < 0)
                return json_fail(j, "hostIP: expected an IP address, found \"%s\"", text);
        return 0;
}

static int read_mapping(JsonContext *j, json_object *o, NatPort *ret) {
        int64_t host = 0, target = 0;
        const char *protocol = "tcp", *address = NULL;
        NatPort port = {};
        int r = json_expect(j, o, json_type_object);
        if (r >= 0)
                r = json_get_int(j, o, "hostPort", JSON_OPTIONAL, 0, UINT16_MAX, &host);
        if (r >= 0)
                r = json_get_int(j, o, "containerPort", JSON_REQUIRED, 1, UINT16_MAX, &target);
        if (r >= 0)
                r = json_get_string(j, o, "protocol", JSON_OPTIONAL, &protocol);
        if (r >= 0)
                r = json_get_string(j, o, "hostIP", JSON_OPTIONAL, &address);
        if (r >= 0)
                r = parse_protocol(j, protocol, &port.protocol);
        if (r >= 0)
                r = parse_host(j, address, &port.host);
        if (r < 0)
                return r;
        port.host_port = (uint16_t) host;
        port.target_port = (uint16_t) target;
        *ret = port;
        return 0;
}

int port_mappings_read(CniCall *c, NatPort **ret, size_t *ret_n) {
        JsonContext *j = &c->conf;
        json_object *runtime = NULL, *list = NULL;
        _cleanup_free_ NatPort *ports = NULL;
        size_t n = 0;
        int r = json_get_object(j, j->root, "runtimeConfig", JSON_OPTIONAL, &runtime);
        size_t mark = json_enter(j, "runtimeConfig");
        if (r >= 0 && runtime)
                r = json_get_array(j, runtime, "portMappings", JSON_OPTIONAL, &list);
        size_t inner = json_enter(j, "portMappings");
        for (size_t i = 0; r >= 0 && list && i < json_object_array_length(list); i++) {
                NatPort port;
                size_t at = json_enter_index(j, i);
                r = read_mapping(j, json_object_array_get_idx(list, i), &port);
                json_leave(j, at);
                if (r < 0 || port.host_port == 0)
                        continue;
                xgrow(&ports, n);
                ports[n++] = port;
        }
        json_leave(j, inner);
        json_leave(j, mark);
        if (r < 0)
                return cni_fail_config(c);
        *ret = TAKE_PTR(ports);
        *ret_n = n;
        return 0;
}
