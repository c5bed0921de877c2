/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-json-limits.h"

#include <errno.h>
#include <inttypes.h>

#include "alloc.h"
#include "name-value.h"
#include "plan-rlimits.h"

void plan_limits_to_json(json_object *o, const PlanLimits *l) {
        if (l->n == 0)
                return;
        json_object *array = json_object_new_array_ext((int) l->n);
        for (size_t i = 0; i < l->n; i++) {
                json_object *limit = json_object_new_object();
                json_object_object_add(limit, "isolator", json_object_new_string(l->items[i].isolator));
                json_object_object_add(limit, "file", json_object_new_string(l->items[i].file));
                json_object_object_add(limit, "value", json_object_new_string(l->items[i].value));
                json_object_array_add(array, limit);
        }
        json_object_object_add(o, "cgroup", array);
}

static int limit_from_json(JsonContext *c, json_object *o, PlanLimits *ret) {
        const char *isolator, *file, *value;
        int r;
        if ((r = json_expect(c, o, json_type_object)) < 0 ||
                        (r = json_get_string(c, o, "isolator", JSON_REQUIRED, &isolator)) < 0 ||
                        (r = json_get_string(c, o, "file", JSON_REQUIRED, &file)) < 0 ||
                        (r = json_get_string(c, o, "value", JSON_REQUIRED, &value)) < 0)
                return r;
        if (!strchr(file, '.') || strchr(file, '/'))
                return json_fail(c, "file: \"%s\" is not a file of a cgroup", file);
        plan_limits_add(ret, isolator, file, xstrdup(value));
        return 0;
}

int plan_limits_from_json(JsonContext *c, json_object *o, PlanLimits *ret) {
        json_object *array;
        int r = json_get_array(c, o, "cgroup", JSON_OPTIONAL, &array);
        size_t mark = json_enter(c, "cgroup");
        for (size_t i = 0; r >= 0 && array && i < json_object_array_length(array); i++) {
                size_t inner = json_enter_index(c, i);
                r = limit_from_json(c, json_object_array_get_idx(array, i), ret);
                json_leave(c, inner);
        }
        json_leave(c, mark);
        return r;
}

static char *format_number(uint64_t value) {
        return value == UINT64_MAX ? xstrdup("unlimited") : xasprintf("%" PRIu64, value);
}

void plan_rlimits_to_json(json_object *o, const PlanApp *a) {
        if (a->n_rlimits == 0)
                return;
        json_object *map = json_object_new_object();
        for (size_t i = 0; i < a->n_rlimits; i++) {
                _cleanup_free_ char *soft = format_number(a->rlimits[i].soft),
                                    *hard = format_number(a->rlimits[i].hard);
                _cleanup_free_ char *text = xasprintf("%s:%s", soft, hard);
                json_object_object_add(map, a->rlimits[i].name, json_object_new_string(text));
        }
        json_object_object_add(o, "rlimits", map);
}

int plan_rlimits_from_json(JsonContext *c, json_object *o, PlanApp *a) {
        _cleanup_name_values_ NameValueList l = {};
        int r = string_map_parse(c, o, "rlimits", &l);
        for (size_t i = 0; r >= 0 && i < l.n; i++) {
                _cleanup_free_ char *error = NULL;
                if (plan_rlimits_add(a, l.items[i].name, l.items[i].value, &error) < 0)
                        r = json_fail(c, "rlimits: %s", error);
        }
        return r;
}
