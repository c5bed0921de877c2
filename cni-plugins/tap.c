/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A tap device in the container: an interface whose wire is a file, for virtual machines. */

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include "netns.h"
#include "single-link.h"

typedef struct TapConfig {
        bool multi_queue;
        int64_t mtu, owner, group; /* owner, group -1: not said */
        const char *mac, *selinux_context, *bridge;
} TapConfig;

static int read_config(CniCall *c, TapConfig *t) {
        *t = (TapConfig){ .owner = -1, .group = -1 };
        const CniField fields[] = {
                { "multiQueue", CNI_BOOL, &t->multi_queue },
                { "mtu", CNI_INT, &t->mtu, 0, INT32_MAX },
                { "owner", CNI_INT, &t->owner, 0, UINT32_MAX - 1 },
                { "group", CNI_INT, &t->group, 0, UINT32_MAX - 1 },
                { "mac", CNI_STRING, &t->mac },
                { "selinuxContext", CNI_STRING, &t->selinux_context },
                { "bridge", CNI_STRING, &t->bridge },
        };
        const char *wanted = NULL;
        int r = cni_call_read(c, fields, ELEMENTSOF(fields));
        if (r >= 0)
                r = cni_call_mac(c, &wanted);
        if (wanted)
                t->mac = wanted;
        return r;
}

/* The device belongs to the namespace in which /dev/net/tun was opened. */
static int open_tun(CniSides *s) {
        int before = netns_enter(s->netns_fd);
        if (before < 0)
                return before;
        int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
        if (fd < 0)
                fd = -errno;
        netns_leave(before);
        return fd;
}

/* The kernel labels the device as the process that makes it would label a socket. */
static int set_label(const char *context) {
        _cleanup_close_ int fd = open("/proc/thread-self/attr/sockcreate", O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        return write(fd, context, strlen(context)) < 0 ? -errno : 0;
}

static int create(CniCall *c, CniSides *s, const TapConfig *t) {
        struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL };
        _cleanup_close_ int fd = open_tun(s);
        if (fd < 0)
                return fd;
        if (t->multi_queue)
                request.ifr_flags |= IFF_MULTI_QUEUE;
        strcpy(request.ifr_name, c->ifname);
        if (ioctl(fd, TUNSETIFF, &request) < 0 || (t->owner >= 0 && ioctl(fd, TUNSETOWNER, t->owner) < 0) ||
                        (t->group >= 0 && ioctl(fd, TUNSETGROUP, t->group) < 0) ||
                        ioctl(fd, TUNSETPERSIST, 1) < 0)
                return -errno;
        return 0;
}

static int set_attributes(CniCall *c, CniSides *s, const TapConfig *t, const Link *l) {
        uint8_t mac[MAC_SIZE];
        Link bridge;
        int r = 0;
        if (!isempty(t->mac)) {
                if (mac_parse(t->mac, mac) < 0)
                        return cni_fail(c, CNI_INTERNAL, "invalid args %s for MAC addr", t->mac);
                r = link_set_mac(s->container, l->index, mac);
        }
        if (r >= 0 && t->mtu)
                r = link_set_u32(s->container, l->index, IFLA_MTU, t->mtu);
        if (r >= 0 && !isempty(t->bridge)) {
                r = link_get(s->container, t->bridge, &bridge);
                if (r >= 0)
                        r = link_set_u32(s->container, l->index, IFLA_MASTER, bridge.index);
        }
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "failed to set up tap %s: %s", l->name,
                                       netlink_error(s->container))
                     : 0;
}

static int make(CniCall *c, CniSides *s, Link *ret) {
        TapConfig config;
        int r = read_config(c, &config);
        if (r < 0)
                return r;
        if (!isempty(config.selinux_context)) {
                r = set_label(config.selinux_context);
                if (r < 0)
                        return cni_fail_errno(c, r, "failed set socket label %s", config.selinux_context);
        }
        r = create(c, s, &config);
        if (r < 0)
                return cni_fail_errno(c, r, "failed to create tap %s", c->ifname);
        if (link_get(s->container, c->ifname, ret) < 0)
                return cni_fail(c, CNI_INTERNAL, "failed to refetch tap \"%s\": %s", c->ifname,
                                netlink_error(s->container));
        r = set_attributes(c, s, &config, ret);
        if (r < 0)
                link_delete(s->container, ret->index);
        else
                link_get(s->container, c->ifname, ret);
        return r;
}

/* Nobody has the file open yet, so its wire is cut and detection of duplicates would wait for ever. */
static const SingleLink tap = { .kind = "tun", .address_flags = IFA_F_NODAD, .make = make };

int main(void) {
        return single_link_main("tap", &tap);
}
