/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The plan as JSON. Times are milliseconds, sizes bytes, modes octal strings, capabilities their names. */

#include <errno.h>
#include <inttypes.h>

#include "alloc.h"
#include "capabilities.h"
#include "file.h"
#include "plan-json-io.h"
#include "plan-json-life.h"
#include "plan-json-limits.h"
#include "plan.h"
#include "strv.h"

static const char *const root_kind_names[] = {
        [PLAN_ROOT_DIRECTORY] = "directory",
        [PLAN_ROOT_OVERLAY] = "overlay",
};

static const char *const net_names[] = {
        [PLAN_NET_HOST] = "host",
        [PLAN_NET_NONE] = "none",
        [PLAN_NET_CONTAINED] = "contained",
};

static const char *const file_names[] = {
        [PLAN_FILE_DEFAULT] = "default",
        [PLAN_FILE_HOST] = "host",
        [PLAN_FILE_STAGE0] = "stage0",
        [PLAN_FILE_NONE] = "none",
};

static void add_string(json_object *o, const char *key, const char *value) {
        if (value)
                json_object_object_add(o, key, json_object_new_string(value));
}

static void add_bool(json_object *o, const char *key, bool value) {
        json_object_object_add(o, key, json_object_new_boolean(value));
}

static void add_number(json_object *o, const char *key, uint64_t value) {
        if (value)
                json_object_object_add(o, key, json_object_new_uint64(value));
}

static void add_strv(json_object *o, const char *key, char *const *l) {
        if (!l)
                return;
        json_object *array = json_object_new_array();
        STRV_FOREACH (s, l)
                json_object_array_add(array, json_object_new_string(*s));
        json_object_object_add(o, key, array);
}

static json_object *root_to_json(const PlanRoot *r) {
        json_object *o = json_object_new_object();
        add_string(o, "kind", root_kind_names[r->kind]);
        add_string(o, "path", r->path);
        add_strv(o, "lower", r->lower);
        add_string(o, "upper", r->upper);
        add_string(o, "work", r->work);
        add_bool(o, "readOnly", r->read_only);
        return o;
}

static json_object *mount_to_json(const PlanMount *m) {
        json_object *o = json_object_new_object();
        add_string(o, "volume", m->volume);
        add_string(o, "source", m->source);
        add_string(o, "target", m->target);
        add_bool(o, "readOnly", m->read_only);
        add_bool(o, "recursive", m->recursive);
        add_bool(o, "filled", m->filled);
        add_bool(o, "idmap", m->mapped);
        return o;
}

static json_object *volume_to_json(const PlanVolume *v) {
        char mode[16];
        snprintf(mode, sizeof(mode), "%04o", (unsigned) v->mode);
        json_object *o = json_object_new_object();
        add_string(o, "name", v->name);
        add_string(o, "path", v->path);
        add_string(o, "mode", mode);
        add_number(o, "uid", v->uid);
        add_number(o, "gid", v->gid);
        add_bool(o, "tmpfs", v->tmpfs);
        if (v->size > 0)
                add_number(o, "size", (int64_t) v->size);
        return o;
}

static void add_sandbox(json_object *o, const PlanApp *a) {
        add_strv(o, "maskedPaths", a->masked_paths);
        add_strv(o, "readOnlyPaths", a->read_only_paths);
        _cleanup_strv_ char **names = capabilities_to_names(a->capabilities);
        add_strv(o, "capabilities", names);
        _cleanup_strv_ char **ambient = capabilities_to_names(a->ambient);
        if (a->ambient)
                add_strv(o, "ambientCapabilities", ambient);
        add_string(o, "seccomp", a->seccomp);
        add_bool(o, "noNewPrivileges", a->no_new_privileges);
        if (a->has_oom_score_adj)
                json_object_object_add(o, "oomScoreAdj", json_object_new_int(a->oom_score_adj));
        plan_limits_to_json(o, &a->limits);
        plan_rlimits_to_json(o, a);
        add_string(o, "selinuxContext", a->selinux_context);
        add_string(o, "selinuxMountContext", a->selinux_mount_context);
        add_string(o, "apparmorProfile", a->apparmor_profile);
}

static json_object *app_to_plan_json(const PlanApp *a) {
        json_object *o = json_object_new_object();
        add_string(o, "name", a->name);
        json_object_object_add(o, "root", root_to_json(&a->root));
        add_strv(o, "exec", a->exec);
        add_strv(o, "preStart", a->pre_start);
        add_strv(o, "postStop", a->post_stop);
        add_string(o, "user", a->user);
        add_string(o, "group", a->group);
        if (a->n_gids > 0) {
                json_object *gids = json_object_new_array();
                for (size_t i = 0; i < a->n_gids; i++)
                        json_object_array_add(gids, json_object_new_int64(a->gids[i]));
                json_object_object_add(o, "supplementaryGIDs", gids);
        }
        add_strv(o, "environment", a->environment);
        add_string(o, "workingDirectory", a->working_directory);
        if (a->n_mounts > 0) {
                json_object *mounts = json_object_new_array();
                for (size_t i = 0; i < a->n_mounts; i++)
                        json_object_array_add(mounts, mount_to_json(&a->mounts[i]));
                json_object_object_add(o, "mounts", mounts);
        }
        add_sandbox(o, a);
        plan_life_to_json(o, &a->life);
        plan_io_to_json(o, &a->io);
        return o;
}

json_object *plan_to_json(const Plan *p) {
        json_object *o = json_object_new_object();
        json_object_object_add(o, "version", json_object_new_int(PLAN_VERSION));
        add_string(o, "uuid", p->uuid);
        add_string(o, "hostname", p->hostname);
        if (p->users.count > 0) {
                char users[32];
                snprintf(users, sizeof(users), "%" PRIu32 ":%" PRIu32, p->users.shift, p->users.count);
                add_string(o, "privateUsers", users);
        }
        add_string(o, "net", net_names[p->net]);
        add_string(o, "selinuxContext", p->selinux_context);
        add_string(o, "selinuxMountContext", p->selinux_mount_context);
        if (p->mutable)
                add_bool(o, "mutable", true);
        if (p->own_init)
                add_bool(o, "ownInit", true);
        add_bool(o, "privateIPC", p->private_ipc);
        add_bool(o, "interactive", p->interactive);
        add_string(o, "resolvConf", file_names[p->resolv_conf]);
        add_string(o, "hosts", file_names[p->hosts]);
        plan_limits_to_json(o, &p->limits);
        if (p->log_size > 0)
                json_object_object_add(o, "logSize", json_object_new_uint64(p->log_size));
        add_string(o, "logDirectory", p->log_dir);
        add_strv(o, "sysctl", p->sysctl);
        json_object *volumes = json_object_new_array();
        for (size_t i = 0; i < p->n_volumes; i++)
                json_object_array_add(volumes, volume_to_json(&p->volumes[i]));
        json_object_object_add(o, "volumes", volumes);
        json_object *apps = json_object_new_array();
        for (size_t i = 0; i < p->n_apps; i++)
                json_object_array_add(apps, app_to_plan_json(&p->apps[i]));
        json_object_object_add(o, "apps", apps);
        return o;
}

static int get_string(JsonContext *c, json_object *o, const char *key, JsonPresence presence, char **ret) {
        const char *s = NULL;
        int r = json_get_string(c, o, key, presence, &s);
        if (r >= 0)
                *ret = xstrdup(s);
        return r;
}

static int get_word(JsonContext *c, json_object *o, const char *key, const char *const *words, size_t n,
                int *ret) {
        const char *s = NULL;
        int r = json_get_string(c, o, key, JSON_REQUIRED, &s);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++)
                if (streq(words[i], s)) {
                        *ret = (int) i;
                        return 0;
                }
        size_t mark = json_enter(c, key);
        r = json_fail(c, "\"%s\" is not known", s);
        json_leave(c, mark);
        return r;
}

static int get_number(JsonContext *c, json_object *o, const char *key, JsonPresence presence, int64_t max,
                uint64_t *ret) {
        int64_t v = (int64_t) *ret;
        int r = json_get_int(c, o, key, presence, 0, max, &v);
        if (r >= 0)
                *ret = (uint64_t) v;
        return r;
}

static int get_id(JsonContext *c, json_object *o, const char *key, uint32_t *ret) {
        uint64_t v = 0;
        int r = get_number(c, o, key, JSON_OPTIONAL, UINT32_MAX - 1, &v);
        if (r >= 0)
                *ret = (uint32_t) v;
        return r;
}

/* An absolute path where one is needed: the rest of the program joins and opens these without a check. */
static int get_absolute(JsonContext *c, json_object *o, const char *key, char **ret) {
        int r = get_string(c, o, key, JSON_REQUIRED, ret);
        if (r < 0 || (*ret)[0] == '/')
                return r;
        size_t mark = json_enter(c, key);
        r = json_fail(c, "expected an absolute path, found \"%s\"", *ret);
        json_leave(c, mark);
        return r;
}

static int root_from_json(JsonContext *c, json_object *o, PlanRoot *root) {
        int kind = 0, r;
        if ((r = get_word(c, o, "kind", root_kind_names, _PLAN_ROOT_KIND_MAX, &kind)) < 0)
                return r;
        root->kind = kind;
        JsonPresence overlay = kind == PLAN_ROOT_OVERLAY ? JSON_REQUIRED : JSON_OPTIONAL;
        if ((r = get_string(c, o, "path", kind == PLAN_ROOT_DIRECTORY ? JSON_REQUIRED : JSON_OPTIONAL,
                             &root->path)) < 0 ||
                        (r = json_get_strv(c, o, "lower", overlay, &root->lower)) < 0 ||
                        (r = get_string(c, o, "upper", overlay, &root->upper)) < 0 ||
                        (r = get_string(c, o, "work", overlay, &root->work)) < 0 ||
                        (r = json_get_bool(c, o, "readOnly", JSON_OPTIONAL, &root->read_only)) < 0)
                return r;
        if (kind == PLAN_ROOT_OVERLAY && strv_length(root->lower) == 0)
                return json_fail(c, "expected at least one lower directory");
        return 0;
}

static int mount_from_json(JsonContext *c, json_object *o, PlanMount *m) {
        int r;
        if ((r = json_expect(c, o, json_type_object)) < 0 ||
                        (r = get_string(c, o, "volume", JSON_REQUIRED, &m->volume)) < 0 ||
                        (r = get_string(c, o, "source", JSON_OPTIONAL, &m->source)) < 0 ||
                        (r = get_absolute(c, o, "target", &m->target)) < 0 ||
                        (r = json_get_bool(c, o, "readOnly", JSON_OPTIONAL, &m->read_only)) < 0 ||
                        (r = json_get_bool(c, o, "filled", JSON_OPTIONAL, &m->filled)) < 0)
                return r;
        r = json_get_bool(c, o, "recursive", JSON_OPTIONAL, &m->recursive);
        return r < 0 ? r : json_get_bool(c, o, "idmap", JSON_OPTIONAL, &m->mapped);
}

static int volume_from_json(JsonContext *c, json_object *o, PlanVolume *v) {
        const char *mode = NULL;
        int64_t size = 0;
        int r;
        if ((r = json_expect(c, o, json_type_object)) < 0 ||
                        (r = json_get_bool(c, o, "tmpfs", JSON_OPTIONAL, &v->tmpfs)) < 0 ||
                        (r = json_get_int(c, o, "size", JSON_OPTIONAL, 0, INT64_MAX, &size)) < 0 ||
                        (r = get_string(c, o, "name", JSON_REQUIRED, &v->name)) < 0 ||
                        (r = get_string(c, o, "path", JSON_REQUIRED, &v->path)) < 0 ||
                        (r = json_get_string(c, o, "mode", JSON_REQUIRED, &mode)) < 0 ||
                        (r = get_id(c, o, "uid", &v->uid)) < 0 || (r = get_id(c, o, "gid", &v->gid)) < 0)
                return r;
        char *end;
        unsigned long value = strtoul(mode, &end, 8);
        if (*end || !*mode || value > 07777)
                return json_fail(c, "mode: expected an octal number, found \"%s\"", mode);
        v->mode = (mode_t) value;
        v->size = (uint64_t) size;
        return 0;
}

static int capabilities_from_json(
                JsonContext *c, json_object *o, const char *key, JsonPresence presence, uint64_t *ret) {
        _cleanup_strv_ char **names = NULL;
        int r = json_get_strv(c, o, key, presence, &names);
        if (r < 0)
                return r;
        const char *unknown;
        r = capabilities_from_names(names, ret, &unknown);
        return r < 0 ? json_fail(c, "%s: \"%s\" is not known", key, unknown) : 0;
}

static int sandbox_from_json(JsonContext *c, json_object *o, PlanApp *a) {
        int64_t oom = INT64_MIN;
        int r;
        if ((r = json_get_strv(c, o, "maskedPaths", JSON_OPTIONAL, &a->masked_paths)) < 0 ||
                        (r = json_get_strv(c, o, "readOnlyPaths", JSON_OPTIONAL, &a->read_only_paths)) < 0 ||
                        (r = capabilities_from_json(c, o, "capabilities", JSON_REQUIRED, &a->capabilities)) <
                                        0 ||
                        (r = capabilities_from_json(
                                         c, o, "ambientCapabilities", JSON_OPTIONAL, &a->ambient)) < 0 ||
                        (r = get_string(c, o, "seccomp", JSON_OPTIONAL, &a->seccomp)) < 0 ||
                        (r = json_get_bool(c, o, "noNewPrivileges", JSON_REQUIRED, &a->no_new_privileges)) <
                                        0 ||
                        (r = json_get_int(c, o, "oomScoreAdj", JSON_OPTIONAL, -1000, 1000, &oom)) < 0 ||
                        (r = plan_limits_from_json(c, o, &a->limits)) < 0 ||
                        (r = plan_rlimits_from_json(c, o, a)) < 0 ||
                        (r = get_string(c, o, "selinuxContext", JSON_OPTIONAL, &a->selinux_context)) < 0 ||
                        (r = get_string(c, o, "selinuxMountContext", JSON_OPTIONAL,
                                         &a->selinux_mount_context)) < 0 ||
                        (r = get_string(c, o, "apparmorProfile", JSON_OPTIONAL, &a->apparmor_profile)) < 0)
                return r;
        if (a->seccomp && strchr(a->seccomp, '/'))
                return json_fail(c, "seccomp: \"%s\" is not the name of a file", a->seccomp);
        a->has_oom_score_adj = oom != INT64_MIN;
        a->oom_score_adj = a->has_oom_score_adj ? (int) oom : 0;
        return 0;
}

static int gids_from_json(JsonContext *c, json_object *o, PlanApp *a) {
        json_object *array;
        int r = json_get_array(c, o, "supplementaryGIDs", JSON_OPTIONAL, &array);
        if (r < 0 || !array)
                return r;
        size_t n = json_object_array_length(array);
        a->gids = xnew(gid_t, n);
        for (; a->n_gids < n; a->n_gids++) {
                int64_t gid = json_object_get_int64(json_object_array_get_idx(array, a->n_gids));
                if (gid < 0 || gid >= UINT32_MAX)
                        return json_fail(c, "supplementaryGIDs: expected group numbers");
                a->gids[a->n_gids] = (gid_t) gid;
        }
        return 0;
}

/* Calls parse for each element of an array of structs that grows in *items. */
#define PARSE_ARRAY(c, o, key, items, n, parse)                                                             \
        ({                                                                                                  \
                json_object *_array;                                                                        \
                int _r = json_get_array(c, o, key, JSON_OPTIONAL, &_array);                                 \
                if (_r >= 0 && _array) {                                                                    \
                        size_t _length = json_object_array_length(_array), _mark = json_enter(c, key);      \
                        items = xcalloc(_length, sizeof(*items));                                           \
                        while (_r >= 0 && n < _length) {                                                    \
                                size_t _inner = json_enter_index(c, n);                                     \
                                n++; /* what parse has filled so far is freed with the rest */              \
                                _r = parse(c, json_object_array_get_idx(_array, n - 1), &items[n - 1]);     \
                                json_leave(c, _inner);                                                      \
                        }                                                                                   \
                        json_leave(c, _mark);                                                               \
                }                                                                                           \
                _r;                                                                                         \
        })

static int app_from_json(JsonContext *c, json_object *o, PlanApp *a) {
        json_object *root = NULL;
        int r;
        if ((r = json_expect(c, o, json_type_object)) < 0 ||
                        (r = get_string(c, o, "name", JSON_REQUIRED, &a->name)) < 0 ||
                        (r = json_get_object(c, o, "root", JSON_REQUIRED, &root)) < 0)
                return r;
        size_t mark = json_enter(c, "root");
        r = root_from_json(c, root, &a->root);
        json_leave(c, mark);
        if (r < 0 || (r = json_get_strv(c, o, "exec", JSON_REQUIRED, &a->exec)) < 0 ||
                        (r = json_get_strv(c, o, "preStart", JSON_OPTIONAL, &a->pre_start)) < 0 ||
                        (r = json_get_strv(c, o, "postStop", JSON_OPTIONAL, &a->post_stop)) < 0 ||
                        (r = get_string(c, o, "user", JSON_REQUIRED, &a->user)) < 0 ||
                        (r = get_string(c, o, "group", JSON_REQUIRED, &a->group)) < 0 ||
                        (r = gids_from_json(c, o, a)) < 0 ||
                        (r = json_get_strv(c, o, "environment", JSON_REQUIRED, &a->environment)) < 0 ||
                        (r = get_absolute(c, o, "workingDirectory", &a->working_directory)) < 0 ||
                        (r = PARSE_ARRAY(c, o, "mounts", a->mounts, a->n_mounts, mount_from_json)) < 0 ||
                        (r = sandbox_from_json(c, o, a)) < 0)
                return r;
        r = plan_life_from_json(c, o, &a->life);
        return r < 0 ? r : plan_io_from_json(c, o, &a->io);
}

static int plan_from_json(JsonContext *c, Plan *p) {
        json_object *o = c->root;
        const char *uuid = NULL, *users = NULL;
        int64_t version = 0, log_size = 0;
        int net = 0, resolv_conf = 0, hosts = 0, r;
        if ((r = json_expect(c, o, json_type_object)) < 0 ||
                        (r = json_get_int(c, o, "version", JSON_REQUIRED, PLAN_VERSION, PLAN_VERSION,
                                         &version)) < 0 ||
                        (r = json_get_string(c, o, "uuid", JSON_REQUIRED, &uuid)) < 0)
                return r;
        if (uuid_normalize(uuid, p->uuid) < 0)
                return json_fail(c, "uuid: \"%s\" is not a UUID", uuid);
        if ((r = json_get_string(c, o, "privateUsers", JSON_OPTIONAL, &users)) < 0)
                return r;
        if (users && id_range_parse(users, &p->users) < 0)
                return json_fail(c, "privateUsers: expected SHIFT:COUNT, found \"%s\"", users);
        if ((r = get_string(c, o, "hostname", JSON_REQUIRED, &p->hostname)) < 0 ||
                        (r = get_word(c, o, "net", net_names, _PLAN_NET_MAX, &net)) < 0 ||
                        (r = get_string(c, o, "selinuxContext", JSON_OPTIONAL, &p->selinux_context)) < 0 ||
                        (r = get_string(c, o, "selinuxMountContext", JSON_OPTIONAL,
                                         &p->selinux_mount_context)) < 0 ||
                        (r = json_get_bool(c, o, "mutable", JSON_OPTIONAL, &p->mutable)) < 0 ||
                        (r = json_get_bool(c, o, "ownInit", JSON_OPTIONAL, &p->own_init)) < 0 ||
                        (r = json_get_bool(c, o, "privateIPC", JSON_REQUIRED, &p->private_ipc)) < 0 ||
                        (r = json_get_bool(c, o, "interactive", JSON_REQUIRED, &p->interactive)) < 0 ||
                        (r = get_word(c, o, "resolvConf", file_names, _PLAN_FILE_MAX, &resolv_conf)) < 0 ||
                        (r = get_word(c, o, "hosts", file_names, _PLAN_FILE_MAX, &hosts)) < 0)
                return r;
        p->net = net;
        p->resolv_conf = resolv_conf;
        p->hosts = hosts;
        if ((r = plan_limits_from_json(c, o, &p->limits)) < 0 ||
                        (r = json_get_int(c, o, "logSize", JSON_OPTIONAL, 0, INT64_MAX, &log_size)) < 0 ||
                        (r = get_string(c, o, "logDirectory", JSON_OPTIONAL, &p->log_dir)) < 0 ||
                        (r = json_get_strv(c, o, "sysctl", JSON_OPTIONAL, &p->sysctl)) < 0 ||
                        (r = PARSE_ARRAY(c, o, "volumes", p->volumes, p->n_volumes, volume_from_json)) < 0)
                return r;
        p->log_size = (uint64_t) log_size;
        return PARSE_ARRAY(c, o, "apps", p->apps, p->n_apps, app_from_json);
}

int plan_parse(const char *name, const char *text, size_t size, Plan **ret, char **ret_error) {
        _cleanup_json_context_ JsonContext c = {};
        _cleanup_plan_ Plan *p = xnew(Plan, 1);
        int r = json_context_parse(&c, name, text, size);
        if (r >= 0)
                r = plan_from_json(&c, p);
        if (r < 0) {
                *ret_error = TAKE_PTR(c.error);
                return r;
        }
        *ret = TAKE_PTR(p);
        return 0;
}

int plan_load_at(int dirfd, const char *path, Plan **ret, char **ret_error) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = read_file_at(dirfd, path, PLAN_SIZE_MAX, &text, &size);
        if (r < 0) {
                *ret_error = xasprintf("%s: %s", path, strerror(-r));
                return r;
        }
        return plan_parse(path, text, size, ret, ret_error);
}
