/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json-list.h"

#include <errno.h>

#include "alloc.h"
#include "strv.h"
#include "types.h"

int json_get_items(JsonContext *c, json_object *o, const char *key, JsonPresence p, size_t size,
                JsonItemParser parse, void **ret_items, size_t *ret_n) {
        json_object *array;
        int r = json_get_array(c, o, key, p, &array);
        if (r < 0 || !array)
                return r;
        size_t n = json_object_array_length(array);
        size_t capacity = 1; /* a power of two, so that xgrow can go on from here */
        while (capacity < n)
                capacity *= 2;
        char *items = xcalloc(capacity, size);
        *ret_items = items;
        *ret_n = n;
        size_t mark = json_enter(c, key);
        for (size_t i = 0; r >= 0 && i < n; i++) {
                json_object *item = json_object_array_get_idx(array, i);
                size_t inner = json_enter_index(c, i);
                r = json_expect(c, item, json_type_object);
                if (r >= 0)
                        r = parse(c, item, items + i * size);
                json_leave(c, inner);
        }
        json_leave(c, mark);
        return r;
}

int json_check_unique(
                JsonContext *c, const char *key, const void *items, size_t n, size_t size, size_t offset) {
        _cleanup_free_ const char **names = xnew(const char *, n + 1);
        for (size_t i = 0; i < n; i++)
                memcpy(&names[i], (const char *) items + i * size + offset, sizeof(names[i]));
        ssize_t i = find_duplicate(names, n);
        if (i < 0)
                return 0;
        size_t mark = json_enter(c, key);
        json_enter_index(c, i);
        int r = json_fail(c, "\"%s\" is given twice", names[i]);
        json_leave(c, mark);
        return r;
}

int json_get_ac_name(JsonContext *c, json_object *o, const char *key, char **ret) {
        const char *s;
        int r = json_get_string(c, o, key, JSON_REQUIRED, &s);
        if (r < 0)
                return r;
        if (!ac_name_is_valid(s))
                return json_fail_member(c, key, "\"%s\" is not an AC name: expected %s", s, AC_NAME_FORM);
        *ret = xstrdup(s);
        return 0;
}

int json_get_ac_identifier(JsonContext *c, json_object *o, const char *key, JsonPresence p, char **ret) {
        const char *s = NULL;
        int r = json_get_string(c, o, key, p, &s);
        if (r < 0 || !s)
                return r;
        if (!ac_identifier_is_valid(s))
                return json_fail_member(c, key, "\"%s\" is not an AC identifier: expected %s", s,
                                AC_IDENTIFIER_FORM);
        *ret = xstrdup(s);
        return 0;
}

int json_get_absolute_path(JsonContext *c, json_object *o, const char *key, JsonPresence p, char **ret) {
        const char *s = NULL;
        int r = json_get_string(c, o, key, p, &s);
        if (r < 0 || !s)
                return r;
        if (p == JSON_OPTIONAL && !*s) /* Go writes and reads an empty string as absent */
                return 0;
        if (!path_is_absolute(s))
                return json_fail_member(c, key, "\"%s\" is not an absolute path", s);
        *ret = xstrdup(s);
        return 0;
}

int json_get_image_id(JsonContext *c, json_object *o, const char *key, JsonPresence p, char **ret) {
        const char *s = NULL;
        int r = json_get_string(c, o, key, p, &s);
        if (r < 0 || !s)
                return r;
        if (!image_id_is_valid(s))
                return json_fail_member(c, key, "\"%s\" is not an image ID: expected %s", s, IMAGE_ID_FORM);
        *ret = xstrdup(s);
        return 0;
}

int json_get_kind_and_version(JsonContext *c, json_object *o, const char *kind, char **ret_version) {
        const char *found, *version;
        if (json_get_string(c, o, "acKind", JSON_REQUIRED, &found) < 0)
                return -EINVAL;
        if (!streq(found, kind))
                return json_fail_member(c, "acKind", "expected \"%s\", found \"%s\"", kind, found);
        if (json_get_string(c, o, "acVersion", JSON_REQUIRED, &version) < 0)
                return -EINVAL;
        *ret_version = xstrdup(version);
        return 0;
}

json_object *strv_to_json(char *const *l) {
        json_object *array = json_object_new_array();
        STRV_FOREACH (s, l)
                json_object_array_add(array, json_object_new_string(*s));
        return array;
}

void json_add_if_filled(json_object *o, const char *key, json_object *value) {
        bool filled = json_object_is_type(value, json_type_array) ? json_object_array_length(value) > 0
                                                                  : json_object_object_length(value) > 0;
        if (filled)
                json_object_object_add(o, key, value);
        else
                json_object_put(value);
}
