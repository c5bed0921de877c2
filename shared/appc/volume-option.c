/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>

#include "alloc.h"
#include "option-json.h"
#include "option.h"
#include "strv.h"
#include "volume.h"

/* What a volume takes, in the words of the command line. */
#define VOLUME_KEYS                                                                                         \
        { "kind", "kind", OPTION_JSON_STRING }, { "source", "source", OPTION_JSON_STRING },                 \
                        { "readOnly", "readOnly", OPTION_JSON_BOOL },                                       \
                        { "recursive", "recursive", OPTION_JSON_BOOL },                                     \
                        { "idmap", "idmap", OPTION_JSON_BOOL }, { "size", "size", OPTION_JSON_STRING },     \
                        { "mode", "mode", OPTION_JSON_STRING }, { "uid", "uid", OPTION_JSON_INT }, {        \
                "gid", "gid", OPTION_JSON_INT                                                               \
        }

static int parse_volume(JsonContext *c, json_object *o, void *ret) {
        return volume_parse(c, o, ret);
}

static int parse_mount(JsonContext *c, json_object *o, void *ret) {
        return mount_parse(c, o, ret);
}

static int parse_exposed_port(JsonContext *c, json_object *o, void *ret) {
        return exposed_port_parse(c, o, ret);
}

int volume_from_option(const char *s, Volume *ret, char **ret_error) {
        static const OptionJsonKey keys[] = { { "name", "source", OPTION_JSON_STRING }, VOLUME_KEYS, {} };
        const char *comma = strchr(s, ',');
        if (!comma)
                return option_fail(ret_error,
                                "\"%s\": expected NAME,kind=host,source=PATH, NAME,kind=empty, "
                                "NAME,kind=tmpfs or NAME,kind=named",
                                s);
        _cleanup_json_ json_object *o = json_object_new_object();
        json_object_object_add(o, "name", json_object_new_string_len(s, (int) (comma - s)));
        int r = option_to_json(comma + 1, keys, o, ret_error);
        return r < 0 ? r : option_parse_json(TAKE_PTR(o), parse_volume, ret, ret_error);
}

char *volume_to_option(const Volume *v) {
        _cleanup_strv_ char **parts = strv_copy(NULL);
        strv_add(&parts, v->name);
        strv_push(&parts, xasprintf("kind=%s", volume_kind_name(v->kind)));
        if (v->kind == VOLUME_HOST)
                strv_push(&parts, xasprintf("source=%s", v->source));
        if (v->kind == VOLUME_NAMED && !streq(v->source, v->name))
                strv_push(&parts, xasprintf("name=%s", v->source));
        if (v->read_only >= 0)
                strv_push(&parts, xasprintf("readOnly=%s", v->read_only ? "true" : "false"));
        if (v->recursive >= 0)
                strv_push(&parts, xasprintf("recursive=%s", v->recursive ? "true" : "false"));
        if (v->map_owners)
                strv_add(&parts, "idmap=true");
        if (v->size > 0)
                strv_push(&parts, xasprintf("size=%" PRIu64, v->size));
        if (v->kind != VOLUME_HOST)
                strv_push(&parts, xasprintf("mode=%04o,uid=%u,gid=%u", (unsigned) v->mode, v->uid, v->gid));
        return strv_join(parts, ",");
}

int mount_from_option(const char *s, Mount *ret, char **ret_error) {
        static const OptionJsonKey keys[] = {
                { "volume", "volume", OPTION_JSON_STRING },
                { "target", "path", OPTION_JSON_STRING },
                { "readOnly", "readOnly", OPTION_JSON_BOOL },
                {},
        };
        _cleanup_json_ json_object *o = json_object_new_object();
        int r = option_to_json(s, keys, o, ret_error);
        if (r < 0)
                return r;
        if (!json_object_object_get_ex(o, "volume", NULL) || !json_object_object_get_ex(o, "path", NULL))
                return option_fail(ret_error, "\"%s\": expected volume=NAME,target=PATH", s);
        return option_parse_json(TAKE_PTR(o), parse_mount, ret, ret_error);
}

char *mount_to_option(const Mount *m) {
        return xasprintf("volume=%s,target=%s%s", m->volume, m->path,
                        m->read_only < 0   ? ""
                        : m->read_only > 0 ? ",readOnly=true"
                                           : ",readOnly=false");
}

int mount_volume_from_option(const char *s, Mount *ret, char **ret_error) {
        static const OptionJsonKey keys[] = {
                { "target", "path", OPTION_JSON_STRING },
                { "name", "name", OPTION_JSON_STRING },
                VOLUME_KEYS,
                {},
        };
        _cleanup_json_ json_object *volume = json_object_new_object(), *mount = json_object_new_object();
        int r = option_to_json(s, keys, volume, ret_error);
        if (r < 0)
                return r;
        json_object *path = NULL, *name = NULL;
        if (!json_object_object_get_ex(volume, "path", &path))
                return option_fail(ret_error, "\"%s\": expected target=PATH", s);
        if (!json_object_object_get_ex(volume, "name", &name))
                return option_fail(ret_error, "\"%s\": expected name=NAME", s);
        json_object_object_add(mount, "path", json_object_get(path));
        json_object_object_add(mount, "volume", json_object_get(name));
        json_object_object_del(volume, "path");
        json_object_object_add(mount, "appVolume", TAKE_PTR(volume));
        return option_parse_json(TAKE_PTR(mount), parse_mount, ret, ret_error);
}

int exposed_port_from_option(const char *s, ExposedPort *ret, char **ret_error) {
        const char *first = strchr(s, ':'), *last = strrchr(s, ':');
        uint64_t port;
        if (!first)
                return option_fail(ret_error, "\"%s\": expected NAME:[HOSTIP:]HOSTPORT", s);
        if (parse_uint(last + 1, 65535, &port) < 0 || port == 0)
                return option_fail(ret_error,
                                "\"%s\": \"%s\" is not a port: expected a number from 1 to 65535", s,
                                last + 1);

        _cleanup_json_ json_object *o = json_object_new_object();
        json_object_object_add(o, "name", json_object_new_string_len(s, (int) (first - s)));
        json_object_object_add(o, "hostPort", json_object_new_int64((int64_t) port));
        if (first != last) {
                const char *ip = first + 1;
                size_t n = last - ip;
                bool brackets = n >= 2 && ip[0] == '[' && ip[n - 1] == ']';
                if (n == 2 * (size_t) brackets || (!brackets && memchr(ip, ':', n)))
                        return option_fail(ret_error,
                                        "\"%s\": expected NAME:HOSTIP:HOSTPORT, an IPv6 address in "
                                        "brackets",
                                        s);
                json_object_object_add(o, "hostIP",
                                json_object_new_string_len(ip + brackets, (int) (n - 2 * brackets)));
        }
        return option_parse_json(TAKE_PTR(o), parse_exposed_port, ret, ret_error);
}

char *exposed_port_to_option(const ExposedPort *p) {
        if (!p->host_ip)
                return xasprintf("%s:%u", p->name, (unsigned) p->host_port);
        bool brackets = strchr(p->host_ip, ':');
        return xasprintf("%s:%s%s%s:%u", p->name, brackets ? "[" : "", p->host_ip, brackets ? "]" : "",
                        (unsigned) p->host_port);
}

#define SANDBOX_PORT_FORM "NAME:PROTOCOL:PODPORT:HOSTIP:HOSTPORT, an IPv6 address in brackets"

int exposed_port_from_sandbox_option(const char *s, ExposedPort *ret, char **ret_error) {
        char *parts[3] = {};
        const char *rest = s, *last = strrchr(s, ':');
        uint64_t pod_port = 0, host_port = 0;
        size_t n = 0;
        for (; n < ELEMENTSOF(parts) && strchr(rest, ':'); n++) {
                size_t length = strcspn(rest, ":");
                parts[n] = xstrndup(rest, length);
                rest += length + 1;
        }
        _cleanup_free_ char *name = parts[0], *protocol = parts[1], *port = parts[2];
        if (n < ELEMENTSOF(parts) || last < rest)
                return option_fail(ret_error, "\"%s\": expected " SANDBOX_PORT_FORM, s);
        if (!streq(protocol, "tcp") && !streq(protocol, "udp"))
                return option_fail(ret_error, "\"%s\": expected the protocol tcp or udp, not \"%s\"", s,
                                protocol);
        if (parse_uint(port, 65535, &pod_port) < 0 || pod_port == 0 ||
                        parse_uint(last + 1, 65535, &host_port) < 0 || host_port == 0)
                return option_fail(ret_error, "\"%s\": expected ports from 1 to 65535 in " SANDBOX_PORT_FORM,
                                s);
        size_t length = (size_t) (last - rest);
        bool brackets = length >= 2 && rest[0] == '[' && rest[length - 1] == ']';
        if (!brackets && memchr(rest, ':', length))
                return option_fail(ret_error, "\"%s\": expected " SANDBOX_PORT_FORM, s);

        _cleanup_json_ json_object *o = json_object_new_object();
        json_object *of_pod = json_object_new_object();
        json_object_object_add(of_pod, "name", json_object_new_string(name));
        json_object_object_add(of_pod, "protocol", json_object_new_string(protocol));
        json_object_object_add(of_pod, "port", json_object_new_int64((int64_t) pod_port));
        json_object_object_add(o, "podPort", of_pod);
        json_object_object_add(o, "name", json_object_new_string(name));
        json_object_object_add(o, "hostPort", json_object_new_int64((int64_t) host_port));
        if (length > 2 * (size_t) brackets)
                json_object_object_add(o, "hostIP",
                                json_object_new_string_len(rest + brackets, (int) (length - 2 * brackets)));
        return option_parse_json(TAKE_PTR(o), parse_exposed_port, ret, ret_error);
}
