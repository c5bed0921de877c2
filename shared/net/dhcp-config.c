/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dhcp-config.h"

#include <string.h>

#include "alloc.h"
#include "option.h"

#define CLIENT_ID_MAX 254 /* one byte more, its type, stands before it */

static const struct {
        const char *name;
        uint8_t code;
} names[] = {
        { "dhcp-client-identifier", DHCP_OPTION_CLIENT_ID },
        { "subnet-mask", DHCP_OPTION_SUBNET_MASK },
        { "routers", DHCP_OPTION_ROUTER },
        { "host-name", DHCP_OPTION_HOST_NAME },
        { "user-class", DHCP_OPTION_USER_CLASS },
        { "vendor-class-identifier", DHCP_OPTION_VENDOR_CLASS },
};

/* What is asked for unless the configuration does not want it: all that is used. */
static const uint8_t asked_for[] = {
        DHCP_OPTION_SUBNET_MASK,
        DHCP_OPTION_CLASSLESS_ROUTE, /* before the router, says RFC 3442 */
        DHCP_OPTION_ROUTER,
        DHCP_OPTION_STATIC_ROUTE,
        DHCP_OPTION_NAME_SERVER,
        DHCP_OPTION_DOMAIN_NAME,
        DHCP_OPTION_DOMAIN_SEARCH,
        DHCP_OPTION_MTU,
        DHCP_OPTION_RENEWAL_TIME,
        DHCP_OPTION_REBINDING_TIME,
};

/* A number, or a name of dhcp-options(5). */
static int read_option(CniCall *c, json_object *o, uint8_t *ret) {
        const char *text = NULL;
        uint64_t number;
        if (json_get_string(&c->conf, o, "option", JSON_OPTIONAL, &text) < 0)
                return cni_fail_config(c);
        for (size_t i = 0; text && i < ELEMENTSOF(names); i++)
                if (streq(text, names[i].name)) {
                        *ret = names[i].code;
                        return 0;
                }
        if (!text || parse_uint(text, 254, &number) < 0 || number == 0)
                return cni_fail(c, CNI_INTERNAL, "Can not parse option \"%s\"", text ? text : "");
        *ret = number;
        return 0;
}

static int provide(CniCall *c, DhcpIdentity *id, uint8_t code, const char *value) {
        if (strlen(value) > UINT8_MAX)
                return cni_fail(c, CNI_INTERNAL, "value too long for option %u: \"%s\"", code, value);
        if (dhcp_identity_provide(id, code, value, strlen(value)) < 0)
                return cni_fail(c, CNI_INTERNAL, "more options than fit into a message");
        return 0;
}

/* An argument of the caller's goes before a value of the configuration. */
static int read_provided(CniCall *c, json_object *o, DhcpIdentity *id) {
        const char *value = NULL, *argument = NULL;
        uint8_t code;
        int r = read_option(c, o, &code);
        if (r < 0)
                return r;
        if (json_get_string(&c->conf, o, "value", JSON_OPTIONAL, &value) < 0 ||
                        json_get_string(&c->conf, o, "fromArg", JSON_OPTIONAL, &argument) < 0)
                return cni_fail_config(c);
        const char *given = isempty(argument) ? NULL : cni_call_arg(c, argument);
        if (given)
                value = given;
        return isempty(value) ? 0 : provide(c, id, code, value);
}

static void ask_for(DhcpIdentity *id, uint8_t code) {
        if (!memchr(id->parameters, code, id->n_parameters) && id->n_parameters < sizeof(id->parameters))
                id->parameters[id->n_parameters++] = code;
}

static int read_requested(CniCall *c, json_object *o, DhcpIdentity *id, bool *skip_default) {
        const char *option = NULL;
        bool skip = false;
        uint8_t code;
        if (json_get_bool(&c->conf, o, "skipDefault", JSON_OPTIONAL, &skip) < 0 ||
                        json_get_string(&c->conf, o, "option", JSON_OPTIONAL, &option) < 0)
                return cni_fail_config(c);
        *skip_default = *skip_default || skip;
        if (isempty(option)) /* only to say whether the default is skipped */
                return 0;
        int r = read_option(c, o, &code);
        if (r >= 0)
                ask_for(id, code);
        return r;
}

static int read_list(CniCall *c, json_object *ipam, const char *key, DhcpIdentity *id, bool *skip_default) {
        json_object *list = NULL;
        int r = 0;
        if (json_get_array(&c->conf, ipam, key, JSON_OPTIONAL, &list) < 0)
                return cni_fail_config(c);
        size_t mark = json_enter(&c->conf, key);
        for (size_t i = 0; list && r >= 0 && i < json_object_array_length(list); i++) {
                json_object *o = json_object_array_get_idx(list, i);
                size_t inner = json_enter_index(&c->conf, i);
                if (json_expect(&c->conf, o, json_type_object) < 0)
                        r = cni_fail_config(c);
                else
                        r = skip_default ? read_requested(c, o, id, skip_default) : read_provided(c, o, id);
                json_leave(&c->conf, inner);
        }
        json_leave(&c->conf, mark);
        return r;
}

static int read_ipam(CniCall *c, json_object *ipam, DhcpConfig *ret) {
        bool skip_default = false;
        if (json_get_bool(&c->conf, ipam, "broadcast", JSON_OPTIONAL, &ret->identity.broadcast) < 0 ||
                        json_get_int(&c->conf, ipam, "priority", JSON_OPTIONAL, 0, UINT32_MAX,
                                        &ret->priority) < 0)
                return cni_fail_config(c);
        int r = read_list(c, ipam, "provide", &ret->identity, NULL);
        if (r >= 0)
                r = read_list(c, ipam, "request", &ret->identity, &skip_default);
        for (size_t i = 0; i < ELEMENTSOF(asked_for) && !skip_default; i++)
                ask_for(&ret->identity, asked_for[i]);
        return r;
}

static int get_ipam(CniCall *c, json_object **ret) {
        *ret = NULL;
        int r = json_get_object(&c->conf, c->conf.root, "ipam", JSON_OPTIONAL, ret);
        return r < 0 ? cni_fail_config(c) : 0;
}

int dhcp_config_read(CniCall *c, DhcpConfig *ret) {
        /* type 0: no hardware address; the reference's servers have leases under the same */
        _cleanup_free_ char *id = xasprintf("%c%s/%s/%s", '?', c->container_id, c->network, c->ifname);
        json_object *ipam;
        *ret = (DhcpConfig){ .priority = -1 };
        id[0] = 0;
        dhcp_identity_provide(&ret->identity, DHCP_OPTION_CLIENT_ID, id,
                        1 + MIN(strlen(id + 1), (size_t) CLIENT_ID_MAX));
        int r = get_ipam(c, &ipam);
        if (r < 0 || !ipam)
                return r;
        size_t mark = json_enter(&c->conf, "ipam");
        r = read_ipam(c, ipam, ret);
        json_leave(&c->conf, mark);
        return r;
}

int dhcp_config_socket(CniCall *c, const char **ret) {
        json_object *ipam;
        *ret = DHCP_SOCKET;
        int r = get_ipam(c, &ipam);
        if (r < 0 || !ipam)
                return r;
        size_t mark = json_enter(&c->conf, "ipam");
        r = json_get_string(&c->conf, ipam, "daemonSocketPath", JSON_OPTIONAL, ret);
        json_leave(&c->conf, mark);
        if (r < 0)
                return cni_fail_config(c);
        if (isempty(*ret))
                *ret = DHCP_SOCKET;
        return 0;
}
