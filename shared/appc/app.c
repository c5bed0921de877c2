/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app.h"

#include <errno.h>

#include "alloc.h"
#include "json-list.h"
#include "strv.h"
#include "types.h"

static const struct {
        const char *name;
        size_t offset; /* of its member in App */
} event_handlers[] = {
        { "pre-start", offsetof(App, pre_start) },
        { "post-stop", offsetof(App, post_stop) },
};

static char ***event_handler(App *a, size_t i) {
        return (char ***) (void *) ((char *) a + event_handlers[i].offset);
}

App *app_new(const char *user, const char *group) {
        App *a = xnew(App, 1);
        a->exec = strv_copy(NULL);
        a->user = xstrdup(user);
        a->group = xstrdup(group);
        return a;
}

void app_free(App *a) {
        if (!a)
                return;
        strv_free(a->exec);
        strv_free(a->pre_start);
        strv_free(a->post_stop);
        free(a->user);
        free(a->group);
        free(a->supplementary_gids);
        free(a->working_directory);
        name_values_clear(&a->environment);
        for (size_t i = 0; i < a->n_mount_points; i++) {
                free(a->mount_points[i].name);
                free(a->mount_points[i].path);
        }
        free(a->mount_points);
        for (size_t i = 0; i < a->n_ports; i++)
                port_done(&a->ports[i]);
        free(a->ports);
        isolators_clear(&a->isolators);
        name_values_clear(&a->user_annotations);
        name_values_clear(&a->user_labels);
        free(a);
}

bool app_has_own_groups(const App *a) {
        const char *user = name_values_get(&a->user_annotations, APP_OWN_GROUPS_ANNOTATION);
        return user && streq(user, a->user) && streq(user, a->group);
}

const MountPoint *app_find_mount_point(const App *a, const char *name) {
        for (size_t i = 0; i < a->n_mount_points; i++)
                if (streq(a->mount_points[i].name, name))
                        return &a->mount_points[i];
        return NULL;
}

const Port *app_find_port(const App *a, const char *name) {
        for (size_t i = 0; i < a->n_ports; i++)
                if (streq(a->ports[i].name, name))
                        return &a->ports[i];
        return NULL;
}

static int parse_mount_point(JsonContext *c, json_object *o, void *ret) {
        MountPoint *m = ret;
        if (json_get_ac_name(c, o, "name", &m->name) < 0 ||
                        json_get_absolute_path(c, o, "path", JSON_REQUIRED, &m->path) < 0)
                return -EINVAL;
        return json_get_bool(c, o, "readOnly", JSON_OPTIONAL, &m->read_only);
}

static int parse_port(JsonContext *c, json_object *o, void *ret) {
        return port_parse(c, o, ret);
}

static int parse_event_handler(JsonContext *c, json_object *o, App *a) {
        const char *name;
        if (json_expect(c, o, json_type_object) < 0 ||
                        json_get_string(c, o, "name", JSON_REQUIRED, &name) < 0)
                return -EINVAL;
        size_t i = 0;
        while (i < ELEMENTSOF(event_handlers) && !streq(event_handlers[i].name, name))
                i++;
        if (i == ELEMENTSOF(event_handlers))
                return json_fail_member(
                                c, "name", "unknown event \"%s\": expected pre-start or post-stop", name);
        char ***target = event_handler(a, i);
        if (*target)
                return json_fail_member(c, "name", "\"%s\" is given twice", name);
        if (json_get_strv(c, o, "exec", JSON_REQUIRED, target) < 0)
                return -EINVAL;
        return (*target)[0] ? 0 : json_fail_member(c, "exec", "must not be empty");
}

static int parse_event_handlers(JsonContext *c, json_object *o, App *a) {
        json_object *array;
        int r = json_get_array(c, o, "eventHandlers", JSON_OPTIONAL, &array);
        if (r < 0 || !array)
                return r;
        size_t mark = json_enter(c, "eventHandlers");
        for (size_t i = 0; r >= 0 && i < json_object_array_length(array); i++) {
                size_t inner = json_enter_index(c, i);
                r = parse_event_handler(c, json_object_array_get_idx(array, i), a);
                json_leave(c, inner);
        }
        json_leave(c, mark);
        return r;
}

static int parse_gids(JsonContext *c, json_object *o, App *a) {
        json_object *array;
        int r = json_get_array(c, o, "supplementaryGIDs", JSON_OPTIONAL, &array);
        if (r < 0 || !array)
                return r;
        a->supplementary_gids = xnew(gid_t, json_object_array_length(array) + 1);
        size_t mark = json_enter(c, "supplementaryGIDs");
        for (size_t i = 0; r >= 0 && i < json_object_array_length(array); i++) {
                json_object *value = json_object_array_get_idx(array, i);
                size_t inner = json_enter_index(c, i);
                r = json_expect(c, value, json_type_int);
                int64_t gid = r < 0 ? 0 : json_object_get_int64(value);
                if (r >= 0 && (gid < 0 || gid >= UINT32_MAX))
                        r = json_fail(c, "%s is not a group ID", json_object_to_json_string(value));
                a->supplementary_gids[a->n_supplementary_gids++] = gid;
                json_leave(c, inner);
        }
        json_leave(c, mark);
        return r;
}

static int get_principal(JsonContext *c, json_object *o, const char *key, char **ret) {
        const char *s;
        if (json_get_string(c, o, key, JSON_REQUIRED, &s) < 0)
                return -EINVAL;
        if (!*s)
                return json_fail_member(c, key, "must not be empty");
        *ret = xstrdup(s);
        return 0;
}

int app_parse(JsonContext *c, json_object *o, App **ret) {
        _cleanup_app_ App *a = xnew(App, 1);
        if (json_expect(c, o, json_type_object) < 0 ||
                        json_get_strv(c, o, "exec", JSON_OPTIONAL, &a->exec) < 0 ||
                        parse_event_handlers(c, o, a) < 0 || get_principal(c, o, "user", &a->user) < 0 ||
                        get_principal(c, o, "group", &a->group) < 0 || parse_gids(c, o, a) < 0 ||
                        json_get_absolute_path(c, o, "workingDirectory", JSON_OPTIONAL,
                                        &a->working_directory) < 0 ||
                        name_values_parse(c, o, "environment", NAME_VALUE_ENVIRONMENT, &a->environment) <
                                        0 ||
                        json_get_list(c, o, "mountPoints", JSON_OPTIONAL, parse_mount_point,
                                        &a->mount_points, &a->n_mount_points) < 0 ||
                        json_get_items(c, o, "ports", JSON_OPTIONAL, sizeof(Port), parse_port,
                                        (void **) &a->ports, &a->n_ports) < 0 ||
                        isolators_parse(c, o, &a->isolators) < 0 ||
                        string_map_parse(c, o, "userAnnotations", &a->user_annotations) < 0 ||
                        string_map_parse(c, o, "userLabels", &a->user_labels) < 0)
                return -EINVAL;
        if (!a->exec)
                a->exec = strv_copy(NULL);
        *ret = TAKE_PTR(a);
        return 0;
}

static json_object *event_handlers_to_json(App *a) {
        json_object *array = json_object_new_array();
        for (size_t i = 0; i < ELEMENTSOF(event_handlers); i++) {
                char **exec = *event_handler(a, i);
                if (!exec)
                        continue;
                json_object *o = json_object_new_object();
                json_object_object_add(o, "name", json_object_new_string(event_handlers[i].name));
                json_object_object_add(o, "exec", strv_to_json(exec));
                json_object_array_add(array, o);
        }
        return array;
}

static json_object *mount_points_to_json(const App *a) {
        json_object *array = json_object_new_array();
        for (size_t i = 0; i < a->n_mount_points; i++) {
                const MountPoint *m = &a->mount_points[i];
                json_object *o = json_object_new_object();
                json_object_object_add(o, "name", json_object_new_string(m->name));
                json_object_object_add(o, "path", json_object_new_string(m->path));
                if (m->read_only)
                        json_object_object_add(o, "readOnly", json_object_new_boolean(true));
                json_object_array_add(array, o);
        }
        return array;
}

json_object *app_to_json(const App *a) {
        json_object *gids = json_object_new_array(), *ports = json_object_new_array();
        for (size_t i = 0; i < a->n_supplementary_gids; i++)
                json_object_array_add(gids, json_object_new_int64(a->supplementary_gids[i]));
        for (size_t i = 0; i < a->n_ports; i++)
                json_object_array_add(ports, port_to_json(&a->ports[i]));

        json_object *o = json_object_new_object();
        json_object_object_add(o, "exec", strv_to_json(a->exec));
        json_add_if_filled(o, "eventHandlers", event_handlers_to_json((App *) a));
        json_object_object_add(o, "user", json_object_new_string(a->user));
        json_object_object_add(o, "group", json_object_new_string(a->group));
        json_add_if_filled(o, "supplementaryGIDs", gids);
        if (!isempty(a->working_directory))
                json_object_object_add(o, "workingDirectory", json_object_new_string(a->working_directory));
        json_add_if_filled(o, "environment", name_values_to_json(&a->environment));
        json_add_if_filled(o, "mountPoints", mount_points_to_json(a));
        json_add_if_filled(o, "ports", ports);
        json_add_if_filled(o, "isolators", isolators_to_json(&a->isolators));
        json_add_if_filled(o, "userAnnotations", string_map_to_json(&a->user_annotations));
        json_add_if_filled(o, "userLabels", string_map_to_json(&a->user_labels));
        return o;
}

App *app_copy(const App *a) {
        _cleanup_json_ json_object *o = app_to_json(a);
        _cleanup_free_ char *text = json_to_text(o, false);
        _cleanup_json_context_ JsonContext c;
        App *copy = NULL;
        if (json_context_parse(&c, "app", text, strlen(text)) < 0 || app_parse(&c, c.root, &copy) < 0)
                return NULL;
        return copy;
}
