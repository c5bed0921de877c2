/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An interface of the host that moves into the container and comes back at the end. */

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "file.h"
#include "ipam.h"
#include "single-link.h"
#include "strv.h"

typedef struct DeviceConfig {
        const char *device, *mac, *kernel_path, *pci_address;
        bool dpdk; /* the device is a driver's in user space: there is no interface */
} DeviceConfig;

static bool has_userspace_driver(const char *pci_address) {
        static const char *const drivers[] = { "vfio-pci", "uio_pci_generic", "igb_uio" };
        _cleanup_free_ char *path = xasprintf("/sys/bus/pci/devices/%s/driver", pci_address);
        _cleanup_free_ char *target = realpath(path, NULL);
        const char *name = target ? strrchr(target, '/') + 1 : "";
        for (size_t i = 0; i < ELEMENTSOF(drivers); i++)
                if (streq(name, drivers[i]))
                        return true;
        return false;
}

static int read_config(CniCall *c, DeviceConfig *d) {
        *d = (DeviceConfig){};
        const CniField fields[] = {
                { "device", CNI_STRING, &d->device },
                { "hwaddr", CNI_STRING, &d->mac },
                { "kernelpath", CNI_STRING, &d->kernel_path },
                { "pciBusID", CNI_STRING, &d->pci_address },
        };
        int r = cni_call_read(c, fields, ELEMENTSOF(fields));
        if (r < 0)
                return r;
        json_object *id = cni_call_runtime(c, "deviceID");
        if (json_object_is_type(id, json_type_string) && json_object_get_string_len(id) > 0)
                d->pci_address = json_object_get_string(id);
        if (isempty(d->device) && isempty(d->mac) && isempty(d->kernel_path) && isempty(d->pci_address))
                return cni_fail(c, CNI_INTERNAL,
                                "specify either \"device\", \"hwaddr\", \"kernelpath\" or \"pciBusID\"");
        if (!isempty(d->pci_address)) {
                if (strchr(d->pci_address, '/'))
                        return cni_fail(c, CNI_INTERNAL, "\"%s\" is not the address of a PCI device",
                                        d->pci_address);
                d->dpdk = has_userspace_driver(d->pci_address);
        }
        return 0;
}

typedef struct MacSearch {
        uint8_t mac[MAC_SIZE];
        Link found;
} MacSearch;

static int compare_mac(const Link *l, void *data) {
        MacSearch *s = data;
        if (!s->found.index && l->has_mac && memcmp(l->mac, s->mac, MAC_SIZE) == 0)
                s->found = *l;
        return 0;
}

static int find_by_mac(CniCall *c, Netlink *n, const char *text, Link *ret) {
        MacSearch s = {};
        if (mac_parse(text, s.mac) < 0)
                return cni_fail(c, CNI_INTERNAL, "failed to parse MAC address \"%s\"", text);
        link_each(n, compare_mac, &s);
        if (!s.found.index)
                return cni_fail(c, CNI_INTERNAL, "failed to find physical interface");
        *ret = s.found;
        return 0;
}

/* The first interface in directory/net. */
static int find_in_directory(Netlink *n, const char *directory, Link *ret) {
        _cleanup_free_ char *net = xasprintf("%s/net", directory);
        _cleanup_strv_ char **names = NULL;
        int r = list_directory_at(AT_FDCWD, net, &names);
        if (r < 0)
                return r;
        STRV_FOREACH (name, names)
                if (link_get(n, *name, ret) >= 0)
                        return 0;
        return -ENODEV;
}

static int find_by_pci_address(Netlink *n, const char *address, Link *ret) {
        _cleanup_free_ char *device = xasprintf("/sys/bus/pci/devices/%s", address);
        _cleanup_strv_ char **names = NULL;
        int r = find_in_directory(n, device, ret);
        if (r >= 0)
                return r;
        /* virtio has a bus of its own in between */
        int k = list_directory_at(AT_FDCWD, device, &names);
        for (size_t i = 0; k >= 0 && r < 0 && names[i]; i++)
                if (startswith(names[i], "virtio")) {
                        _cleanup_free_ char *below = xasprintf("%s/%s", device, names[i]);
                        r = find_in_directory(n, below, ret);
                }
        return r;
}

/* As find_device goes by it. */
static const char *wanted(const DeviceConfig *d) {
        return !isempty(d->device)        ? d->device
               : !isempty(d->mac)         ? d->mac
               : !isempty(d->kernel_path) ? d->kernel_path
                                          : d->pci_address;
}

static int find_device(CniCall *c, CniSides *s, const DeviceConfig *d, Link *ret) {
        int r;
        if (!isempty(d->device))
                r = link_get(s->host, d->device, ret);
        else if (!isempty(d->mac))
                r = find_by_mac(c, s->host, d->mac, ret);
        else if (!isempty(d->kernel_path)) {
                if (!startswith(d->kernel_path, "/sys/devices/") || strstr(d->kernel_path, ".."))
                        return cni_fail(c, CNI_INTERNAL,
                                        "kernel device path \"%s\" must be absolute and begin with "
                                        "/sys/devices/",
                                        d->kernel_path);
                r = find_in_directory(s->host, d->kernel_path, ret);
        } else
                r = find_by_pci_address(s->host, d->pci_address, ret);
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "failed to find host device \"%s\": Link not found",
                                       wanted(d))
                     : 0;
}

/* Its name on the host is kept in its alias, for the way back. */
static int make(CniCall *c, CniSides *s, Link *ret) {
        DeviceConfig config;
        Link device;
        int r = read_config(c, &config);
        if (r >= 0)
                r = find_device(c, s, &config, &device);
        if (r < 0)
                return r;
        if (link_get(s->container, c->ifname, ret) >= 0)
                return cni_fail(c, CNI_INTERNAL,
                                "failed to move link: \"%s\" already exists in the container", c->ifname);
        r = link_set_alias(s->host, device.index, device.name);
        if (r >= 0)
                r = link_move(s->host, device.index, s->netns_fd, c->ifname);
        if (r < 0)
                return cni_fail(c, CNI_INTERNAL, "failed to move link \"%s\": %s", device.name,
                                netlink_error(s->host));
        if (link_get(s->container, c->ifname, ret) < 0)
                return cni_fail(c, CNI_INTERNAL, "failed to find \"%s\": %s", c->ifname,
                                netlink_error(s->container));
        return 0;
}

/* Also after a configuration that nothing more can be read from, which is why ADD has failed. */
static int give_back(CniCall *c, CniSides *s) {
        DeviceConfig config;
        _cleanup_close_ int host = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
        Link l;
        int r = 0;
        if (link_get(s->container, c->ifname, &l) < 0)
                return 0; /* it is back already */
        if (!*l.alias && (r = read_config(c, &config)) < 0)
                return r;
        const char *name = *l.alias ? l.alias : config.device;
        r = host < 0 ? -errno : link_move(s->container, l.index, host, name);
        if (r < 0)
                return cni_fail(c, CNI_INTERNAL, "failed to move \"%s\" to host netns: %s", c->ifname,
                                netlink_error(s->container));
        r = link_get(s->host, name, &l);
        if (r >= 0)
                link_set_alias(s->host, l.index, "");
        return 0;
}

static const SingleLink host_device = { .make = make, .remove = give_back };

/* A device without an interface: its addresses are for who drives it. */
static int add_dpdk(CniCall *c, CniResult *result) {
        const char *type;
        int r = ipam_type(c, &type);
        if (r >= 0 && type)
                r = ipam_add(c, result);
        return r < 0 ? r : cni_call_configured_dns(c, result);
}

static int add(CniCall *c, CniResult *result) {
        DeviceConfig config;
        int r = read_config(c, &config);
        if (r < 0)
                return r;
        return config.dpdk ? add_dpdk(c, result) : single_link_add(c, &host_device, result);
}

static int del(CniCall *c) {
        DeviceConfig config;
        int r = read_config(c, &config);
        if (r < 0)
                return r;
        return config.dpdk ? ipam_del(c) : single_link_del(c, &host_device);
}

static int check(CniCall *c) {
        DeviceConfig config;
        int r = read_config(c, &config);
        if (r < 0)
                return r;
        return config.dpdk ? ipam_check(c) : single_link_check(c, &host_device);
}

static const CniPlugin plugin = {
        .name = "host-device",
        .add = add,
        .del = del,
        .check = check,
        .status = ipam_status,
        .gc = ipam_gc,
};

int main(void) {
        return cni_plugin_main(&plugin);
}
