/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci-from-appc.h"

#include <errno.h>

#include "alloc.h"
#include "app-life.h"
#include "json-list.h"
#include "oci-manifest.h"
#include "strv.h"
#include "types.h"

static void add_string(json_object *o, const char *key, const char *value) {
        if (!isempty(value))
                json_object_object_add(o, key, json_object_new_string(value));
}

/* How the configuration writes a set. */
static void add_to_set(json_object *set, const char *name) {
        json_object_object_add(set, name, json_object_new_object());
}

static int map_user(const App *app, json_object *config, char **ret_error) {
        if (app->user[0] == '/' || app->group[0] == '/') {
                *ret_error = xasprintf("the user \"%s\" or group \"%s\" is said as the owner of a file, "
                                       "which an OCI "
                                       "configuration cannot",
                                app->user, app->group);
                return -EINVAL;
        }
        _cleanup_free_ char *both = xasprintf("%s:%s", app->user, app->group);
        if (!streq(both, "0:0"))
                add_string(config, "User", app_has_own_groups(app) ? app->user : both);
        return 0;
}

static void map_ports(const App *app, json_object *config) {
        json_object *set = json_object_new_object();
        for (size_t i = 0; i < app->n_ports; i++) {
                const Port *p = &app->ports[i];
                unsigned last = p->port + p->count - 1;
                _cleanup_free_ char *name = p->count > 1 ? xasprintf("%u-%u/%s", p->port, last, p->protocol)
                                                         : xasprintf("%u/%s", p->port, p->protocol);
                add_to_set(set, name);
        }
        json_add_if_filled(config, "ExposedPorts", set);
}

static void map_volumes(const App *app, json_object *config) {
        json_object *set = json_object_new_object();
        for (size_t i = 0; i < app->n_mount_points; i++)
                add_to_set(set, app->mount_points[i].path);
        json_add_if_filled(config, "Volumes", set);
}

static void map_environment(const App *app, json_object *config) {
        json_object *list = json_object_new_array();
        for (size_t i = 0; i < app->environment.n; i++) {
                const NameValue *v = &app->environment.items[i];
                _cleanup_free_ char *entry = xasprintf("%s=%s", v->name, v->value);
                json_object_array_add(list, json_object_new_string(entry));
        }
        json_add_if_filled(config, "Env", list);
}

static void add_time(json_object *o, const char *key, const ImageManifest *m, const char *annotation,
                uint64_t ms) {
        if (name_values_get(&m->annotations, annotation) && ms <= INT64_MAX / NSEC_PER_MSEC)
                json_object_object_add(o, key, json_object_new_int64((int64_t) (ms * NSEC_PER_MSEC)));
}

/* Docker's, which others read, too. What is wrong in the annotations is not for an export to find. */
static void map_health(const ImageManifest *m, json_object *config) {
        _cleanup_app_health_ AppHealth h = {};
        _cleanup_free_ char *error = NULL;
        if (app_health_parse(&m->annotations, &h, &error) < 0 || !h.command)
                return;
        json_object *o = json_object_new_object(), *test = json_object_new_array();
        json_object_array_add(test, json_object_new_string("CMD"));
        STRV_FOREACH (word, h.command)
                json_object_array_add(test, json_object_new_string(*word));
        json_object_object_add(o, "Test", test);
        add_time(o, "Interval", m, APP_HEALTH_INTERVAL_ANNOTATION, h.interval_ms);
        add_time(o, "Timeout", m, APP_HEALTH_TIMEOUT_ANNOTATION, h.timeout_ms);
        add_time(o, "StartPeriod", m, APP_HEALTH_START_PERIOD_ANNOTATION, h.start_period_ms);
        add_time(o, "StartInterval", m, APP_HEALTH_START_INTERVAL_ANNOTATION, h.start_interval_ms);
        if (name_values_get(&m->annotations, APP_HEALTH_RETRIES_ANNOTATION))
                json_object_object_add(o, "Retries", json_object_new_int64((int64_t) h.retries));
        json_object_object_add(config, "Healthcheck", o);
}

static void warn(const App *app, char ***warnings) {
        if (app->isolators.n > 0)
                strv_add(warnings, "its isolators are left out: an OCI image cannot have any");
        if (app->pre_start || app->post_stop)
                strv_add(warnings, "its event handlers are left out: an OCI image cannot have any");
        if (app->n_supplementary_gids > 0)
                strv_add(warnings, "its supplementary groups are left out: an OCI image cannot have any");
}

static int map_app(const ImageManifest *m, json_object *config, char ***warnings, char **ret_error) {
        const App *app = m->app;
        if (!app)
                return 0;
        int r = map_user(app, config, ret_error);
        if (r < 0)
                return r;
        json_add_if_filled(config, "Entrypoint", strv_to_json(app->exec));
        add_string(config, "WorkingDir", app->working_directory);
        map_environment(app, config);
        map_ports(app, config);
        map_volumes(app, config);
        json_add_if_filled(config, "Labels", string_map_to_json(&app->user_labels));
        add_string(config, "StopSignal", name_values_get(&m->annotations, APP_STOP_SIGNAL_ANNOTATION));
        map_health(m, config);
        warn(app, warnings);
        return 0;
}

static void map_platform(const ImageManifest *m, json_object *o) {
        const char *os = name_values_get(&m->labels, "os"), *arch = name_values_get(&m->labels, "arch");
        const char *go_arch, *variant;
        if (!oci_platform_from_appc(arch ?: host_arch(), &go_arch, &variant)) {
                go_arch = arch ?: host_arch();
                variant = NULL;
        }
        add_string(o, "architecture", go_arch);
        add_string(o, "variant", variant);
        add_string(o, "os", os ?: host_os());
}

static json_object *root_file_system(const char *diff_id) {
        json_object *o = json_object_new_object(), *list = json_object_new_array();
        json_object_array_add(list, json_object_new_string(diff_id));
        add_string(o, "type", "layers");
        json_object_object_add(o, "diff_ids", list);
        return o;
}

static json_object *history(const char *created) {
        json_object *list = json_object_new_array(), *o = json_object_new_object();
        add_string(o, "created", created);
        add_string(o, "created_by", "rkt image export");
        json_object_array_add(list, o);
        return list;
}

int oci_config_from_image_manifest(const ImageManifest *m, const char *diff_id, char **ret_json,
                char ***ret_warnings, char **ret_error) {
        _cleanup_json_ json_object *o = json_object_new_object();
        _cleanup_strv_ char **warnings = strv_copy(NULL);
        json_object *config = json_object_new_object();
        const char *created = name_values_get(&m->annotations, "created");
        const char *author = name_values_get(&m->annotations, "author");
        int r = map_app(m, config, &warnings, ret_error);
        add_string(o, "created", created);
        add_string(o, "author", author ?: name_values_get(&m->annotations, "authors"));
        map_platform(m, o);
        json_object_object_add(o, "config", config);
        json_object_object_add(o, "rootfs", root_file_system(diff_id));
        json_object_object_add(o, "history", history(created));
        if (r < 0)
                return r;
        *ret_json = json_to_text(o, false);
        *ret_warnings = TAKE_PTR(warnings);
        return 0;
}
