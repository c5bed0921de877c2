/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>

#include "alloc.h"
#include "json-list.h"
#include "quantity.h"
#include "types.h"

static const char *const volume_kinds[] = {
        [VOLUME_HOST] = "host",
        [VOLUME_EMPTY] = "empty",
        [VOLUME_TMPFS] = "tmpfs",
        [VOLUME_NAMED] = "named",
};

void volume_done(Volume *v) {
        free(v->name);
        free(v->source);
        *v = (Volume){};
}

void volume_free(Volume *v) {
        if (v)
                volume_done(v);
        free(v);
}

void mount_done(Mount *m) {
        free(m->volume);
        free(m->path);
        volume_free(m->app_volume);
        *m = (Mount){};
}

void port_done(Port *p) {
        free(p->name);
        free(p->protocol);
        *p = (Port){};
}

void port_free(Port *p) {
        if (p)
                port_done(p);
        free(p);
}

void exposed_port_done(ExposedPort *p) {
        free(p->name);
        free(p->host_ip);
        port_free(p->pod_port);
        *p = (ExposedPort){};
}

bool volume_name_is_valid(const char *s) {
        size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
        return n > 0 && !s[n] && n <= VOLUME_NAME_MAX && !strchr("_.-", s[0]);
}

const char *volume_kind_name(VolumeKind kind) {
        return volume_kinds[kind];
}

void volume_copy(Volume *dest, const Volume *src) {
        *dest = *src;
        dest->name = xstrdup(src->name);
        dest->source = xstrdup(src->source);
}

/* 1, 0, or -1 when it is absent. */
static int get_tristate(JsonContext *c, json_object *o, const char *key, int *ret) {
        json_object *value = NULL;
        bool b = false;
        json_object_object_get_ex(o, key, &value);
        *ret = -1;
        if (!value)
                return 0;
        if (json_get_bool(c, o, key, JSON_REQUIRED, &b) < 0)
                return -EINVAL;
        *ret = b;
        return 0;
}

static int parse_host(JsonContext *c, json_object *o, Volume *v) {
        if (json_get_bool(c, o, "idmap", JSON_OPTIONAL, &v->map_owners) < 0)
                return -EINVAL;
        static const char *const others[] = { "mode", "uid", "gid" };
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                if (json_object_object_get_ex(o, others[i], NULL))
                        return json_fail_member(
                                        c, others[i], "is only for volumes of kind empty, tmpfs and named");
        return json_get_absolute_path(c, o, "source", JSON_REQUIRED, &v->source);
}

static int parse_size(JsonContext *c, json_object *o, Volume *v) {
        const char *size = NULL;
        Quantity q;
        if (json_get_string(c, o, "size", JSON_OPTIONAL, &size) < 0)
                return -EINVAL;
        if (!size)
                return 0;
        if (v->kind != VOLUME_TMPFS)
                return json_fail_member(c, "size", "is only for volumes of kind tmpfs");
        /* "64m" is 64 thousandths here, and 64 megabytes to others */
        if (quantity_parse(size, &q) < 0 || quantity_value(q) < VOLUME_TMPFS_SIZE_MIN)
                return json_fail_member(c, "size",
                                "\"%s\" is not the size of a volume: expected at least %d bytes, in a form "
                                "such "
                                "as 64Mi or 1G",
                                size, VOLUME_TMPFS_SIZE_MIN);
        v->size = (uint64_t) quantity_value(q);
        return 0;
}

static int parse_made(JsonContext *c, json_object *o, Volume *v) {
        const char *source = NULL, *mode = NULL;
        int64_t uid = 0, gid = 0;
        if (json_get_string(c, o, "source", JSON_OPTIONAL, &source) < 0 ||
                        json_get_string(c, o, "mode", JSON_OPTIONAL, &mode) < 0 ||
                        json_get_int(c, o, "uid", JSON_OPTIONAL, 0, UINT32_MAX - 1, &uid) < 0 ||
                        json_get_int(c, o, "gid", JSON_OPTIONAL, 0, UINT32_MAX - 1, &gid) < 0)
                return -EINVAL;
        if (v->kind != VOLUME_NAMED && !isempty(source))
                return json_fail_member(c, "source", "is only for volumes of kind host");
        if (json_object_object_get_ex(o, "idmap", NULL))
                return json_fail_member(c, "idmap", "is only for volumes of kind host");
        if (v->kind == VOLUME_NAMED)
                v->source = xstrdup(isempty(source) ? v->name : source);
        if (v->source && !volume_name_is_valid(v->source))
                return json_fail_member(
                                c, "source", "\"%s\" is not a name: expected " VOLUME_NAME_FORM, v->source);

        v->mode = v->kind == VOLUME_TMPFS ? VOLUME_TMPFS_DEFAULT_MODE : VOLUME_DEFAULT_MODE;
        if (mode) {
                size_t n = strspn(mode, "01234567");
                if (n == 0 || mode[n] || n > 10 || strtoul(mode, NULL, 8) > 07777)
                        return json_fail_member(c, "mode",
                                        "\"%s\" is not a file mode: expected octal digits, such as "
                                        "\"0755\"",
                                        mode);
                v->mode = strtoul(mode, NULL, 8);
        }
        v->uid = uid;
        v->gid = gid;
        return 0;
}

int volume_parse(JsonContext *c, json_object *o, Volume *ret) {
        _cleanup_volume_ Volume v = {};
        const char *kind;
        if (json_get_ac_name(c, o, "name", &v.name) < 0 ||
                        json_get_string(c, o, "kind", JSON_REQUIRED, &kind) < 0 ||
                        get_tristate(c, o, "readOnly", &v.read_only) < 0 ||
                        get_tristate(c, o, "recursive", &v.recursive) < 0)
                return -EINVAL;
        while (v.kind < ELEMENTSOF(volume_kinds) && !streq(kind, volume_kinds[v.kind]))
                v.kind++;
        if (v.kind == ELEMENTSOF(volume_kinds))
                return json_fail_member(c, "kind",
                                "unknown kind of volume \"%s\": expected host, empty, tmpfs or named", kind);
        int r = v.kind == VOLUME_HOST ? parse_host(c, o, &v) : parse_made(c, o, &v);
        if (r < 0 || (r = parse_size(c, o, &v)) < 0)
                return r;
        *ret = v;
        v = (Volume){};
        return 0;
}

json_object *volume_to_json(const Volume *v) {
        json_object *o = json_object_new_object();
        json_object_object_add(o, "name", json_object_new_string(v->name));
        json_object_object_add(o, "kind", json_object_new_string(volume_kinds[v->kind]));
        if (v->source)
                json_object_object_add(o, "source", json_object_new_string(v->source));
        if (v->read_only >= 0)
                json_object_object_add(o, "readOnly", json_object_new_boolean(v->read_only));
        if (v->recursive >= 0)
                json_object_object_add(o, "recursive", json_object_new_boolean(v->recursive));
        if (v->map_owners)
                json_object_object_add(o, "idmap", json_object_new_boolean(true));
        if (v->size > 0) {
                char size[32];
                snprintf(size, sizeof(size), "%" PRIu64, v->size);
                json_object_object_add(o, "size", json_object_new_string(size));
        }
        if (v->kind != VOLUME_HOST) {
                char mode[16];
                snprintf(mode, sizeof(mode), "%04o", (unsigned) v->mode);
                json_object_object_add(o, "mode", json_object_new_string(mode));
                json_object_object_add(o, "uid", json_object_new_int64(v->uid));
                json_object_object_add(o, "gid", json_object_new_int64(v->gid));
        }
        return o;
}

int mount_parse(JsonContext *c, json_object *o, Mount *ret) {
        _cleanup_mount_ Mount m = {};
        json_object *volume;
        if (json_get_ac_name(c, o, "volume", &m.volume) < 0 ||
                        json_get_absolute_path(c, o, "path", JSON_REQUIRED, &m.path) < 0 ||
                        get_tristate(c, o, "readOnly", &m.read_only) < 0 ||
                        json_get_object(c, o, "appVolume", JSON_OPTIONAL, &volume) < 0)
                return -EINVAL;
        if (volume) {
                m.app_volume = xnew(Volume, 1);
                size_t mark = json_enter(c, "appVolume");
                int r = volume_parse(c, volume, m.app_volume);
                json_leave(c, mark);
                if (r < 0)
                        return r;
        }
        *ret = m;
        m = (Mount){};
        return 0;
}

json_object *mount_to_json(const Mount *m) {
        json_object *o = json_object_new_object();
        json_object_object_add(o, "volume", json_object_new_string(m->volume));
        json_object_object_add(o, "path", json_object_new_string(m->path));
        if (m->read_only >= 0)
                json_object_object_add(o, "readOnly", json_object_new_boolean(m->read_only));
        if (m->app_volume)
                json_object_object_add(o, "appVolume", volume_to_json(m->app_volume));
        return o;
}

#define _cleanup_port_ _cleanup_(port_done)

static bool protocol_is_valid(const char *s) {
        return *s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")];
}

int port_parse(JsonContext *c, json_object *o, Port *ret) {
        _cleanup_port_ Port p = {};
        const char *protocol;
        int64_t port = 0, count = 0;
        if (json_get_ac_name(c, o, "name", &p.name) < 0 ||
                        json_get_string(c, o, "protocol", JSON_REQUIRED, &protocol) < 0)
                return -EINVAL;
        if (!protocol_is_valid(protocol))
                return json_fail_member(c, "protocol", "\"%s\" is not a protocol: expected one such as tcp",
                                protocol);
        if (json_get_int(c, o, "port", JSON_REQUIRED, 1, 65535, &port) < 0 ||
                        json_get_int(c, o, "count", JSON_OPTIONAL, 0, 65535, &count) < 0 ||
                        json_get_bool(c, o, "socketActivated", JSON_OPTIONAL, &p.socket_activated) < 0)
                return -EINVAL;
        p.protocol = xstrdup(protocol);
        p.port = port;
        p.count = count ? count : 1;
        if (port + p.count > 65536)
                return json_fail_member(c, "count", "%u ports from %u on go beyond 65535",
                                (unsigned) p.count, (unsigned) p.port);
        *ret = p;
        p = (Port){};
        return 0;
}

json_object *port_to_json(const Port *p) {
        json_object *o = json_object_new_object();
        json_object_object_add(o, "name", json_object_new_string(p->name));
        json_object_object_add(o, "protocol", json_object_new_string(p->protocol));
        json_object_object_add(o, "port", json_object_new_int64(p->port));
        json_object_object_add(o, "count", json_object_new_int64(p->count));
        json_object_object_add(o, "socketActivated", json_object_new_boolean(p->socket_activated));
        return o;
}

static bool address_is_valid(const char *s) {
        struct in6_addr buffer;
        return inet_pton(AF_INET, s, &buffer) == 1 || inet_pton(AF_INET6, s, &buffer) == 1;
}

int exposed_port_parse(JsonContext *c, json_object *o, ExposedPort *ret) {
        _cleanup_exposed_port_ ExposedPort p = {};
        const char *ip = NULL;
        int64_t port = 0;
        json_object *pod_port;
        if (json_get_ac_name(c, o, "name", &p.name) < 0 ||
                        json_get_int(c, o, "hostPort", JSON_REQUIRED, 1, 65535, &port) < 0 ||
                        json_get_string(c, o, "hostIP", JSON_OPTIONAL, &ip) < 0 ||
                        json_get_object(c, o, "podPort", JSON_OPTIONAL, &pod_port) < 0)
                return -EINVAL;
        p.host_port = port;
        if (!isempty(ip)) {
                if (!address_is_valid(ip))
                        return json_fail_member(c, "hostIP", "\"%s\" is not an IP address", ip);
                p.host_ip = xstrdup(ip);
        }
        if (pod_port) {
                p.pod_port = xnew(Port, 1);
                size_t mark = json_enter(c, "podPort");
                int r = port_parse(c, pod_port, p.pod_port);
                json_leave(c, mark);
                if (r < 0)
                        return r;
        }
        *ret = p;
        p = (ExposedPort){};
        return 0;
}

json_object *exposed_port_to_json(const ExposedPort *p) {
        json_object *o = json_object_new_object();
        json_object_object_add(o, "name", json_object_new_string(p->name));
        json_object_object_add(o, "hostPort", json_object_new_int64(p->host_port));
        if (p->host_ip)
                json_object_object_add(o, "hostIP", json_object_new_string(p->host_ip));
        if (p->pod_port)
                json_object_object_add(o, "podPort", port_to_json(p->pod_port));
        return o;
}
