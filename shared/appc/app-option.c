/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "alloc.h"
#include "app.h"
#include "option-json.h"
#include "strv.h"

/* Each option, NAME,KEY=VALUE…, becomes a member of an array; the array becomes one of an app's. */
static json_object *options_to_json(char *const *options, const OptionJsonKey *keys, char **ret_error) {
        _cleanup_json_ json_object *array = json_object_new_array();
        STRV_FOREACH (option, options) {
                const char *comma = strchrnul(*option, ',');
                json_object *o = json_object_new_object();
                json_object_object_add(
                                o, "name", json_object_new_string_len(*option, (int) (comma - *option)));
                json_object_array_add(array, o);
                if (*comma && option_to_json(comma + 1, keys, o, ret_error) < 0)
                        return NULL;
        }
        return TAKE_PTR(array);
}

/* An app with nothing but this member, so that the manifest's own parser judges it. */
static int parse_app(JsonContext *c, json_object *o, void *ret) {
        return app_parse(c, o, ret);
}

static int parse_member(const char *member, json_object *array, App **ret, char **ret_error) {
        _cleanup_app_ App *empty = app_new("0", "0");
        json_object *o = app_to_json(empty);
        json_object_object_add(o, member, array);
        return option_parse_json(o, parse_app, ret, ret_error);
}

int app_set_mount_points(App *a, char *const *options, char **ret_error) {
        static const OptionJsonKey keys[] = {
                { "path", "path", OPTION_JSON_STRING },
                { "readOnly", "readOnly", OPTION_JSON_BOOL },
                {},
        };
        _cleanup_app_ App *parsed = NULL;
        json_object *array = options_to_json(options, keys, ret_error);
        if (!array)
                return -EINVAL;
        int r = parse_member("mountPoints", array, &parsed, ret_error);
        if (r < 0)
                return r;
        MountPoint *items = a->mount_points;
        size_t n = a->n_mount_points;
        a->mount_points = parsed->mount_points;
        a->n_mount_points = parsed->n_mount_points;
        parsed->mount_points = items; /* freed with it */
        parsed->n_mount_points = n;
        return 0;
}

int app_set_ports(App *a, char *const *options, char **ret_error) {
        static const OptionJsonKey keys[] = {
                { "protocol", "protocol", OPTION_JSON_STRING },
                { "port", "port", OPTION_JSON_INT },
                { "count", "count", OPTION_JSON_INT },
                { "socketActivated", "socketActivated", OPTION_JSON_BOOL },
                {},
        };
        _cleanup_app_ App *parsed = NULL;
        json_object *array = options_to_json(options, keys, ret_error);
        if (!array)
                return -EINVAL;
        int r = parse_member("ports", array, &parsed, ret_error);
        if (r < 0)
                return r;
        Port *items = a->ports;
        size_t n = a->n_ports;
        a->ports = parsed->ports;
        a->n_ports = parsed->n_ports;
        parsed->ports = items;
        parsed->n_ports = n;
        return 0;
}
