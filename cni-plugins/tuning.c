/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Kernel parameters of the container's network, and attributes of its interface, which are as before at the
 * end. */

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <strings.h>

#include "alloc.h"
#include "cni-interface.h"
#include "file.h"
#include "netns.h"
#include "tuning-config.h"

#define BACKUP_MAX 65536

static int write_sysctl(CniCall *c, const char *path, const char *value, void *data) {
        CniSides *s = data;
        int r = netns_write_sysctl(s->netns_fd, value, "%s", path);
        return r < 0 ? cni_fail_errno(c, r, "cannot write \"%s\" to /proc/sys/%s", value, path) : 0;
}

static bool changes_link(const TuningConfig *t) {
        return !isempty(t->mac) || t->mtu || t->promiscuous || t->has_all_multicast || t->queue_length >= 0;
}

static char *backup_path(CniCall *c, const TuningConfig *t) {
        return xasprintf("%s/%s_%s.json", t->directory, c->container_id, c->ifname);
}

/* In the form of the reference plugin, which may be the one to restore it. */
static int save(CniCall *c, const TuningConfig *t, const Link *l) {
        _cleanup_json_ json_object *o = json_object_new_object();
        _cleanup_free_ char *path = backup_path(c, t), *text = NULL;
        char mac[MAC_TEXT_MAX];
        if (!isempty(t->mac))
                json_object_object_add(o, "mac", json_object_new_string(link_mac_format(l, mac)));
        if (t->promiscuous)
                json_object_object_add(o, "promisc", json_object_new_boolean(l->promiscuity > 0));
        if (t->mtu)
                json_object_object_add(o, "mtu", json_object_new_int64(l->mtu));
        if (t->has_all_multicast)
                json_object_object_add(o, "allmulti", json_object_new_boolean(l->flags & IFF_ALLMULTI));
        if (t->queue_length >= 0)
                json_object_object_add(o, "txQLen", json_object_new_int64(l->tx_queue_length));
        text = json_to_text(o, true);
        int r = mkdir_parents_at(AT_FDCWD, t->directory, 0700);
        if (r >= 0)
                r = replace_file_at(AT_FDCWD, path, text, strlen(text), 0600, false);
        return r < 0 ? cni_fail_errno(c, r, "failed to save file %s", path) : 0;
}

static int apply(CniCall *c, CniSides *s, const TuningConfig *t, const Link *l) {
        Netlink *n = s->container;
        uint8_t mac[MAC_SIZE];
        int r = 0;
        if (!isempty(t->mac)) {
                if (mac_parse(t->mac, mac) < 0)
                        return cni_fail(c, CNI_INTERNAL, "invalid args %s for MAC addr", t->mac);
                r = link_set_mac(n, l->index, mac);
        }
        if (r >= 0 && t->promiscuous)
                r = link_set_flags(n, l->index, IFF_PROMISC, IFF_PROMISC);
        if (r >= 0 && t->mtu)
                r = link_set_u32(n, l->index, IFLA_MTU, t->mtu);
        if (r >= 0 && t->has_all_multicast)
                r = link_set_flags(n, l->index, t->all_multicast ? IFF_ALLMULTI : 0, IFF_ALLMULTI);
        if (r >= 0 && t->queue_length >= 0)
                r = link_set_u32(n, l->index, IFLA_TXQLEN, t->queue_length);
        return r < 0 ? cni_fail(c, CNI_INTERNAL, "cannot change \"%s\": %s", l->name, netlink_error(n)) : 0;
}

static void update_mac(CniCall *c, const TuningConfig *t, CniResult *result) {
        for (size_t i = 0; i < result->n_interfaces; i++)
                if (streq(result->interfaces[i].name, c->ifname) && !isempty(t->mac)) {
                        free(result->interfaces[i].mac);
                        result->interfaces[i].mac = xstrdup(t->mac);
                }
}

static int open_link(CniCall *c, CniSides *s, Link *ret) {
        int r = cni_sides_open(c, s);
        if (r >= 0 && link_get(s->container, c->ifname, ret) < 0)
                r = cni_fail(c, CNI_INTERNAL, "failed to get \"%s\": Link not found", c->ifname);
        return r;
}

static int add(CniCall *c, CniResult *result) {
        _cleanup_cni_sides_ CniSides s = CNI_SIDES_NONE;
        TuningConfig config;
        Link l;
        int r = tuning_config_read(c, &config);
        if (r >= 0 && !c->has_previous)
                return cni_fail(c, CNI_INTERNAL, "Required prevResult missing");
        if (r >= 0)
                r = changes_link(&config) ? open_link(c, &s, &l) : cni_sides_open(c, &s);
        if (r >= 0)
                r = tuning_each_sysctl(c, &config, write_sysctl, &s);
        if (r >= 0 && changes_link(&config)) {
                r = save(c, &config, &l);
                if (r >= 0)
                        r = apply(c, &s, &config, &l);
        }
        if (r >= 0)
                r = cni_call_take_previous(c, result);
        if (r >= 0)
                update_mac(c, &config, result);
        return r;
}

/* What is kept as it was becomes a configuration again. */
static int read_backup(const char *path, JsonContext *j, TuningConfig *t) {
        char *text;
        size_t size;
        int r = read_file_at(AT_FDCWD, path, BACKUP_MAX, &text, &size);
        if (r < 0)
                return r;
        *t = (TuningConfig){ .queue_length = -1 };
        r = json_context_parse(j, path, text, size);
        if (r >= 0)
                r = json_expect(j, j->root, json_type_object);
        if (r >= 0)
                r = json_get_string(j, j->root, "mac", JSON_OPTIONAL, &t->mac);
        if (r >= 0)
                r = json_get_int(j, j->root, "mtu", JSON_OPTIONAL, 0, INT32_MAX, &t->mtu);
        if (r >= 0)
                r = json_get_int(j, j->root, "txQLen", JSON_OPTIONAL, 0, UINT32_MAX, &t->queue_length);
        if (r >= 0)
                r = json_get_bool(j, j->root, "allmulti", JSON_OPTIONAL, &t->all_multicast);
        t->has_all_multicast = r >= 0 && json_object_object_get_ex(j->root, "allmulti", NULL);
        return r;
}

static int restore(CniCall *c, CniSides *s, const char *path) {
        _cleanup_json_context_ JsonContext j = {};
        TuningConfig before;
        json_object *promiscuous = NULL;
        Link l;
        int r = read_backup(path, &j, &before);
        if (r >= 0 && link_get(s->container, c->ifname, &l) >= 0) {
                r = apply(c, s, &before, &l);
                if (json_object_object_get_ex(j.root, "promisc", &promiscuous) &&
                                !json_object_get_boolean(promiscuous))
                        link_set_flags(s->container, l.index, 0, IFF_PROMISC);
        }
        free((char *) j.text);
        return r == -ENOENT ? 0 : r;
}

static int del(CniCall *c) {
        _cleanup_cni_sides_ CniSides s = CNI_SIDES_NONE;
        TuningConfig config;
        int r = tuning_config_read(c, &config);
        if (r < 0)
                return r;
        _cleanup_free_ char *path = backup_path(c, &config);
        r = cni_sides_open_if_there(c, &s);
        if (r > 0)
                restore(c, &s, path); /* the interface goes next: what failed matters to nobody */
        cni_error_done(&c->error);
        unlink(path);
        return 0;
}

static int check_sysctl(CniCall *c, const char *path, const char *value, void *data) {
        CniSides *s = data;
        _cleanup_free_ char *now = NULL;
        int r = netns_read_sysctl(s->netns_fd, &now, "%s", path);
        if (r < 0)
                return cni_fail_errno(c, r, "cannot read /proc/sys/%s", path);
        if (!streq(now, value))
                return cni_fail(c, CNI_INTERNAL,
                                "Error: Tuning configured value of /proc/sys/%s is %s, current value is %s",
                                path, value, now);
        return 0;
}

static int check_link(CniCall *c, const TuningConfig *t, const Link *l) {
        char mac[MAC_TEXT_MAX];
        if (!isempty(t->mac) && strcasecmp(t->mac, link_mac_format(l, mac)) != 0)
                return cni_fail(c, CNI_INTERNAL,
                                "Error: Tuning configured Ethernet of %s is %s, current value is %s",
                                l->name, t->mac, mac);
        if (t->promiscuous != (l->promiscuity > 0))
                return cni_fail(c, CNI_INTERNAL,
                                "Error: Tuning link %s configured promisc is %s, current value is %u",
                                l->name, t->promiscuous ? "true" : "false", l->promiscuity);
        if (t->mtu && t->mtu != l->mtu)
                return cni_fail(c, CNI_INTERNAL,
                                "Error: Tuning configured MTU of %s is %d, current value is %u", l->name,
                                (int) t->mtu, l->mtu);
        if (t->has_all_multicast && t->all_multicast != !!(l->flags & IFF_ALLMULTI))
                return cni_fail(c, CNI_INTERNAL,
                                "Error: Tuning configured all-multicast mode of %s is not its current value",
                                l->name);
        if (t->queue_length >= 0 && t->queue_length != l->tx_queue_length)
                return cni_fail(c, CNI_INTERNAL,
                                "Error: Tuning configured Transmit Queue Length of %s is %u, current value "
                                "is %u",
                                l->name, (unsigned) t->queue_length, l->tx_queue_length);
        return 0;
}

static int check(CniCall *c) {
        _cleanup_cni_sides_ CniSides s = CNI_SIDES_NONE;
        TuningConfig config;
        Link l;
        int r = tuning_config_read(c, &config);
        if (r >= 0 && !c->has_previous)
                return cni_fail(c, CNI_INTERNAL, "Required prevResult missing");
        if (r >= 0)
                r = open_link(c, &s, &l);
        if (r >= 0)
                r = tuning_each_sysctl(c, &config, check_sysctl, &s);
        return r < 0 ? r : check_link(c, &config, &l);
}

static const CniPlugin plugin = { .name = "tuning", .add = add, .del = del, .check = check };

int main(void) {
        return cni_plugin_main(&plugin);
}
