/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "name-value.h"

#include <errno.h>

#include "alloc.h"
#include "types.h"

void name_values_clear(NameValueList *l) {
        for (size_t i = 0; i < l->n; i++) {
                free(l->items[i].name);
                free(l->items[i].value);
        }
        free(l->items);
        *l = (NameValueList){};
}

static NameValue *find(const NameValueList *l, const char *name) {
        for (size_t i = 0; i < l->n; i++)
                if (streq(l->items[i].name, name))
                        return &l->items[i];
        return NULL;
}

const char *name_values_get(const NameValueList *l, const char *name) {
        const NameValue *v = find(l, name);
        return v ? v->value : NULL;
}

void name_values_add(NameValueList *l, const char *name, const char *value) {
        xgrow(&l->items, l->n);
        l->items[l->n++] = (NameValue){ xstrdup(name), xstrdup(value) };
}

void name_values_set(NameValueList *l, const char *name, const char *value) {
        NameValue *v = find(l, name);
        if (!v) {
                name_values_add(l, name, value);
                return;
        }
        char *copy = xstrdup(value);
        free(v->value);
        v->value = copy;
}

bool name_values_remove(NameValueList *l, const char *name) {
        NameValue *v = find(l, name);
        if (!v)
                return false;
        free(v->name);
        free(v->value);
        l->n--;
        memmove(v, v + 1, (char *) (l->items + l->n) - (char *) v);
        return true;
}

void name_values_copy(NameValueList *dest, const NameValueList *src) {
        name_values_clear(dest);
        for (size_t i = 0; i < src->n; i++)
                name_values_add(dest, src->items[i].name, src->items[i].value);
}

void name_values_merge(NameValueList *dest, const NameValueList *src) {
        for (size_t i = 0; i < src->n; i++)
                name_values_set(dest, src->items[i].name, src->items[i].value);
}

bool name_values_match(const NameValueList *l, const NameValueList *wanted) {
        for (size_t i = 0; i < wanted->n; i++)
                if (!streq_ptr(name_values_get(l, wanted->items[i].name), wanted->items[i].value))
                        return false;
        return true;
}

int name_value_split(const char *s, char **ret_name, char **ret_value) {
        const char *equals = strchr(s, '=');
        if (!equals || equals == s)
                return -EINVAL;
        *ret_name = xstrndup(s, equals - s);
        *ret_value = xstrdup(equals + 1);
        return 0;
}

static int fail_at(JsonContext *c, const char *key, const char *format, const char *value,
                const char *expected) {
        size_t mark = json_enter(c, key);
        int r = json_fail(c, format, value, expected);
        json_leave(c, mark);
        return r;
}

/* The name of one label, annotation or variable, and the values that have a type. */
static int check_item(JsonContext *c, NameValueKind kind, const char *name, const char *value) {
        if (kind == NAME_VALUE_ENVIRONMENT)
                return environment_name_is_valid(name)
                                       ? 0
                                       : fail_at(c, "name",
                                                         "\"%s\" is not a name of a variable: expected %s",
                                                         name, ENVIRONMENT_NAME_FORM);
        if (!ac_identifier_is_valid(name))
                return fail_at(c, "name", "\"%s\" is not an AC identifier: expected %s", name,
                                AC_IDENTIFIER_FORM);
        if (kind == NAME_VALUE_LABELS && streq(name, "name"))
                return fail_at(c, "name", "a label cannot be called \"%s\": %s", name,
                                "the image's name has a member of its own");
        if (kind == NAME_VALUE_ANNOTATIONS && streq(name, "created") && !date_is_valid(value))
                return fail_at(c, "value", "\"%s\" is not a date: expected %s", value,
                                "RFC 3339 such as 2014-10-27T19:32:27Z");
        if (kind == NAME_VALUE_ANNOTATIONS && (streq(name, "homepage") || streq(name, "documentation")) &&
                        !url_is_valid(value))
                return fail_at(c, "value", "\"%s\" is not a URL: expected %s", value,
                                "http:// or https:// and a host");
        return 0;
}

static int parse_item(JsonContext *c, json_object *o, NameValueKind kind, NameValueList *l) {
        const char *name, *value;
        if (json_expect(c, o, json_type_object) < 0 ||
                        json_get_string(c, o, "name", JSON_REQUIRED, &name) < 0 ||
                        json_get_string(c, o, "value", JSON_REQUIRED, &value) < 0 ||
                        check_item(c, kind, name, value) < 0)
                return -EINVAL;
        name_values_add(l, name, value);
        return 0;
}

/* What concerns the list as a whole. The current value is the array. */
static int check_list(JsonContext *c, NameValueKind kind, const NameValueList *l) {
        _cleanup_free_ const char **names = xnew(const char *, l->n + 1);
        for (size_t i = 0; i < l->n; i++)
                names[i] = l->items[i].name;
        ssize_t i = find_duplicate(names, l->n);
        if (i >= 0) {
                size_t mark = json_enter_index(c, i);
                int r = json_fail(c, "\"%s\" is given twice", names[i]);
                json_leave(c, mark);
                return r;
        }
        if (kind == NAME_VALUE_LABELS) {
                _cleanup_free_ char *problem = os_arch_problem(
                                OS_ARCH_APPC, name_values_get(l, "os"), name_values_get(l, "arch"));
                if (problem)
                        return json_fail(c, "%s", problem);
        }
        return 0;
}

int name_values_parse(
                JsonContext *c, json_object *o, const char *key, NameValueKind kind, NameValueList *ret) {
        json_object *array;
        int r = json_get_array(c, o, key, JSON_OPTIONAL, &array);
        if (r < 0)
                return r;

        _cleanup_name_values_ NameValueList l = {};
        size_t mark = json_enter(c, key);
        for (size_t i = 0; r >= 0 && array && i < json_object_array_length(array); i++) {
                size_t inner = json_enter_index(c, i);
                r = parse_item(c, json_object_array_get_idx(array, i), kind, &l);
                json_leave(c, inner);
        }
        if (r >= 0)
                r = check_list(c, kind, &l);
        json_leave(c, mark);
        if (r < 0)
                return r;
        *ret = l;
        l = (NameValueList){};
        return 0;
}

json_object *name_values_to_json(const NameValueList *l) {
        json_object *array = json_object_new_array_ext(l->n);
        for (size_t i = 0; i < l->n; i++) {
                json_object *o = json_object_new_object();
                json_object_object_add(o, "name", json_object_new_string(l->items[i].name));
                json_object_object_add(o, "value", json_object_new_string(l->items[i].value));
                json_object_array_add(array, o);
        }
        return array;
}

int string_map_parse(JsonContext *c, json_object *o, const char *key, NameValueList *ret) {
        json_object *map;
        int r = json_get_object(c, o, key, JSON_OPTIONAL, &map);
        if (r < 0)
                return r;

        _cleanup_name_values_ NameValueList l = {};
        size_t mark = json_enter(c, key);
        if (map) {
                struct json_object_iterator i = json_object_iter_begin(map), end = json_object_iter_end(map);
                for (; r >= 0 && !json_object_iter_equal(&i, &end); json_object_iter_next(&i)) {
                        const char *name = json_object_iter_peek_name(&i), *value;
                        r = json_get_string(c, map, name, JSON_REQUIRED, &value);
                        if (r >= 0)
                                name_values_add(&l, name, value);
                }
        }
        json_leave(c, mark);
        if (r < 0)
                return r;
        *ret = l;
        l = (NameValueList){};
        return 0;
}

static int compare_names(const void *a, const void *b) {
        return strcmp(((const NameValue *) a)->name, ((const NameValue *) b)->name);
}

json_object *string_map_to_json(const NameValueList *l) {
        _cleanup_free_ NameValue *sorted = xnew(NameValue, l->n + 1);
        if (l->n)
                memcpy(sorted, l->items, l->n * sizeof(*sorted));
        qsort(sorted, l->n, sizeof(*sorted), compare_names);
        json_object *map = json_object_new_object();
        for (size_t i = 0; i < l->n; i++)
                json_object_object_add(map, sorted[i].name, json_object_new_string(sorted[i].value));
        return map;
}
