/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "subnet-env.h"

#include <errno.h>

#include "alloc.h"

static int parse_number(const char *text, unsigned *ret) {
        if (!*text || strlen(text) > 9 || strspn(text, "0123456789") != strlen(text))
                return -EINVAL;
        *ret = atoi(text);
        return 0;
}

/* flanneld writes a subnet as its first address, 10.1.15.1/24: the network is meant. */
static int parse_network(const char *text, IpPrefix *ret, int family) {
        int r = ip_prefix_parse(text, ret);
        if (r >= 0 && ret->address.family != family)
                r = -EINVAL;
        if (r >= 0)
                ret->address = ip_prefix_first(ret);
        return r;
}

static int parse_line(const char *key, const char *value, SubnetEnv *e, bool *has_mtu, bool *has_masq) {
        if (streq(key, "FLANNEL_NETWORK"))
                return parse_network(value, &e->network4, AF_INET);
        if (streq(key, "FLANNEL_SUBNET"))
                return parse_network(value, &e->subnet4, AF_INET);
        if (streq(key, "FLANNEL_IPV6_NETWORK"))
                return parse_network(value, &e->network6, AF_INET6);
        if (streq(key, "FLANNEL_IPV6_SUBNET"))
                return parse_network(value, &e->subnet6, AF_INET6);
        if (streq(key, "FLANNEL_MTU")) {
                *has_mtu = true;
                return parse_number(value, &e->mtu);
        }
        if (streq(key, "FLANNEL_IPMASQ")) {
                *has_masq = true;
                e->ip_masq = streq(value, "true");
        }
        return 0;
}

int subnet_env_parse(char *text, SubnetEnv *ret, char **ret_error) {
        SubnetEnv e = {};
        bool has_mtu = false, has_masq = false;
        char *save, *line = strtok_r(text, "\n", &save);
        for (; line; line = strtok_r(NULL, "\n", &save)) {
                char *value = strchr(line, '=');
                if (!value)
                        continue;
                *value++ = 0;
                value[strcspn(value, " \t\r")] = 0;
                if (parse_line(line, value, &e, &has_mtu, &has_masq) < 0) {
                        *ret_error = xasprintf("%s: \"%s\" is not what belongs there", line, value);
                        return -EINVAL;
                }
        }
        const char *missing = !e.network4.address.family && !e.network6.address.family  ? "FLANNEL_NETWORK"
                              : !e.network4.address.family != !e.subnet4.address.family ? "FLANNEL_SUBNET"
                              : !e.network6.address.family != !e.subnet6.address.family
                                              ? "FLANNEL_IPV6_SUBNET"
                              : !has_mtu  ? "FLANNEL_MTU"
                              : !has_masq ? "FLANNEL_IPMASQ"
                                          : NULL;
        if (missing) {
                *ret_error = xasprintf("is missing %s", missing);
                return -EINVAL;
        }
        *ret = e;
        return 0;
}
