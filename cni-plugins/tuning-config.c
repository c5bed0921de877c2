/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tuning-config.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>

#include "alloc.h"
#include "file.h"
#include "strv.h"

#define ALLOW_LIST     "/etc/cni/tuning/allowlist.conf"
#define ALLOW_LIST_MAX 65536

static json_object *member(json_object *o, const char *key) {
        json_object *value = NULL;
        if (json_object_is_type(o, json_type_object))
                json_object_object_get_ex(o, key, &value);
        return value;
}

/* args.cni of the caller goes before the configuration. */
static int read_args(CniCall *c, TuningConfig *t) {
        JsonContext *j = &c->conf;
        json_object *args = member(member(j->root, "args"), "cni"), *all = member(args, "allmulti");
        if (!args)
                return 0;
        size_t mark = json_enter(j, "args");
        json_enter(j, "cni");
        int r = json_get_object(j, args, "sysctl", JSON_OPTIONAL, &t->sysctl_of_caller);
        if (r >= 0)
                r = json_get_string(j, args, "mac", JSON_OPTIONAL, &t->mac);
        if (r >= 0)
                r = json_get_bool(j, args, "promisc", JSON_OPTIONAL, &t->promiscuous);
        if (r >= 0)
                r = json_get_bool(j, args, "allmulti", JSON_OPTIONAL, &t->all_multicast);
        if (r >= 0)
                r = json_get_int(j, args, "mtu", JSON_OPTIONAL, 0, INT32_MAX, &t->mtu);
        if (r >= 0)
                r = json_get_int(j, args, "txQLen", JSON_OPTIONAL, 0, UINT32_MAX, &t->queue_length);
        t->has_all_multicast = t->has_all_multicast || all;
        json_leave(j, mark);
        return r < 0 ? cni_fail_config(c) : 0;
}

int tuning_config_read(CniCall *c, TuningConfig *t) {
        *t = (TuningConfig){ .directory = "/run/cni/tuning", .queue_length = -1 };
        const CniField fields[] = {
                { "dataDir", CNI_STRING, &t->directory },
                { "mac", CNI_STRING, &t->mac },
                { "promisc", CNI_BOOL, &t->promiscuous },
                { "allmulti", CNI_BOOL, &t->all_multicast },
                { "mtu", CNI_INT, &t->mtu, 0, INT32_MAX },
                { "txQLen", CNI_INT, &t->queue_length, 0, UINT32_MAX },
        };
        const char *wanted = NULL;
        int r = cni_call_read(c, fields, ELEMENTSOF(fields));
        if (r >= 0 && json_get_object(&c->conf, c->conf.root, "sysctl", JSON_OPTIONAL, &t->sysctl) < 0)
                r = cni_fail_config(c);
        t->has_all_multicast = member(c->conf.root, "allmulti");
        if (r >= 0)
                r = cni_call_mac(c, &wanted);
        if (wanted)
                t->mac = wanted;
        return r < 0 ? r : read_args(c, t);
}

/* 1 if a line of the list matches, 0 if none does; without a list everything is allowed. */
static int is_allowed(CniCall *c, const char *key) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = read_file_at(AT_FDCWD, ALLOW_LIST, ALLOW_LIST_MAX, &text, &size);
        if (r == -ENOENT)
                return 1;
        if (r < 0)
                return cni_fail_errno(c, r, "cannot read " ALLOW_LIST);
        char *save, *line = strtok_r(text, "\n", &save);
        for (; line; line = strtok_r(NULL, "\n", &save)) {
                regex_t expression;
                line += strspn(line, " \t\r");
                line[strcspn(line, " \t\r")] = 0;
                if (!*line)
                        continue;
                if (regcomp(&expression, line, REG_EXTENDED | REG_NOSUB) != 0)
                        return cni_fail(c, CNI_INTERNAL, "%s: \"%s\" is not a regular expression",
                                        ALLOW_LIST, line);
                bool matches = regexec(&expression, key, 0, NULL, 0) == 0;
                regfree(&expression);
                if (matches)
                        return 1;
        }
        return 0;
}

/* Dots separate as slashes do, unless there are slashes: then a dot is part of a name, as in eth0.100. The
 * name of the interface is put in last, since it may have dots, too. */
static int make_path(CniCall *c, const char *key, char **ret) {
        _cleanup_free_ char *path = xstrdup(key);
        if (!strchr(path, '/'))
                for (char *p = path; *p; p++)
                        if (*p == '.')
                                *p = '/';
        if (!startswith(path, "net/") || strstr(path, ".."))
                return cni_fail(c, CNI_INTERNAL, "invalid net sysctl key: \"%s\"", key);
        char *place = strstr(path, "IFNAME");
        *ret = place ? xasprintf("%.*s%s%s", (int) (place - path), path, c->ifname, place + strlen("IFNAME"))
                     : TAKE_PTR(path);
        return 0;
}

static int each_of(CniCall *c, json_object *list, TuningSysctl each, void *data) {
        if (!list)
                return 0;
        json_object_object_foreach (list, key, value) {
                _cleanup_free_ char *path = NULL;
                if (!json_object_is_type(value, json_type_string))
                        return cni_fail(c, CNI_INTERNAL,
                                        "failed to load netconf: sysctl %s: expected a string", key);
                int r = is_allowed(c, key);
                if (r == 0)
                        return cni_fail(c, CNI_INTERNAL, "Sysctl %s is not allowed. See %s", key,
                                        ALLOW_LIST);
                if (r >= 0)
                        r = make_path(c, key, &path);
                if (r >= 0)
                        r = each(c, path, json_object_get_string(value), data);
                if (r < 0)
                        return r;
        }
        return 0;
}

int tuning_each_sysctl(CniCall *c, const TuningConfig *t, TuningSysctl each, void *data) {
        int r = each_of(c, t->sysctl, each, data);
        return r < 0 ? r : each_of(c, t->sysctl_of_caller, each, data);
}
