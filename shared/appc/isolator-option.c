/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "alloc.h"
#include "isolator.h"
#include "option-json.h"
#include "option.h"
#include "strv.h"

/* Takes value. */
static int set_and_put(IsolatorList *l, IsolatorType type, json_object *value, char **ret_error) {
        int r = isolators_set(l, isolator_type_name(type), value, ret_error);
        json_object_put(value);
        return r;
}

int isolators_set_resource(IsolatorList *l, IsolatorType type, const char *request, const char *limit,
                char **ret_error) {
        bool bandwidth = type == ISOLATOR_BLOCK_BANDWIDTH || type == ISOLATOR_BLOCK_IOPS ||
                         type == ISOLATOR_NETWORK_BANDWIDTH;
        json_object *value = json_object_new_object();
        if (bandwidth)
                json_object_object_add(value, "default", json_object_new_boolean(true));
        if (request)
                json_object_object_add(value, "request", json_object_new_string(request));
        if (limit)
                json_object_object_add(value, "limit", json_object_new_string(limit));
        return set_and_put(l, type, value, ret_error);
}

int isolators_set_number(IsolatorList *l, IsolatorType type, int64_t number, char **ret_error) {
        return set_and_put(l, type, json_object_new_int64(number), ret_error);
}

int isolators_set_flag(IsolatorList *l, IsolatorType type, bool flag, char **ret_error) {
        return set_and_put(l, type, json_object_new_boolean(flag), ret_error);
}

int isolators_set_map(IsolatorList *l, IsolatorType type, const NameValueList *values, char **ret_error) {
        return set_and_put(l, type, string_map_to_json(values), ret_error);
}

int isolators_set_names(IsolatorList *l, IsolatorType type, char *const *set, const char *error_name,
                char **ret_error) {
        json_object *value = json_object_new_object(), *array = json_object_new_array();
        STRV_FOREACH (name, set)
                json_object_array_add(array, json_object_new_string(*name));
        json_object_object_add(value, "set", array);
        if (!isempty(error_name))
                json_object_object_add(value, "errno", json_object_new_string(error_name));
        return set_and_put(l, type, value, ret_error);
}

int isolators_set_seccomp(IsolatorList *l, const char *option, char **ret_error) {
        _cleanup_strv_ char **parts = strv_split(option, ','), **set = strv_copy(NULL);
        IsolatorType type = ISOLATOR_UNKNOWN;
        const char *error_name = NULL;
        STRV_FOREACH (part, parts) {
                const char *value;
                if (streq(*part, "mode=retain"))
                        type = ISOLATOR_SECCOMP_RETAIN;
                else if (streq(*part, "mode=remove"))
                        type = ISOLATOR_SECCOMP_REMOVE;
                else if ((value = startswith(*part, "errno=")))
                        error_name = value;
                else if (strchr(*part, '='))
                        return option_fail(ret_error,
                                        "unknown seccomp setting \"%s\": expected mode=retain, "
                                        "mode=remove or errno=NAME",
                                        *part);
                else
                        strv_add(&set, *part);
        }
        if (type == ISOLATOR_UNKNOWN)
                return option_fail(
                                ret_error, "no mode in \"%s\": expected mode=retain or mode=remove", option);
        return isolators_set_names(l, type, set, error_name, ret_error);
}

int isolators_set_option(IsolatorList *l, const char *option, char **ret_error) {
        static const OptionJsonKey keys[] = {
                { "request", "request", OPTION_JSON_STRING },
                { "limit", "limit", OPTION_JSON_STRING },
                { "default", "default", OPTION_JSON_BOOL },
                {},
        };
        const char *comma = strchrnul(option, ','), *text = startswith(comma, ",value=");
        _cleanup_free_ char *name = xstrndup(option, comma - option);
        _cleanup_json_ json_object *value = NULL;
        int64_t number;
        bool flag;
        if (isolator_type_from_name(name) == ISOLATOR_UNKNOWN)
                return option_fail(ret_error, "unknown isolator \"%s\"", name);
        if (text && parse_int(text, INT64_MIN, INT64_MAX, &number) >= 0) {
                value = json_object_new_int64(number);
        } else if (text && parse_bool(text, &flag) >= 0) {
                value = json_object_new_boolean(flag);
        } else if (text) {
                return option_fail(ret_error, "%s: \"%s\" is neither a number nor a boolean", name, text);
        } else {
                value = json_object_new_object();
                int r = *comma ? option_to_json(comma + 1, keys, value, ret_error) : 0;
                if (r < 0)
                        return r;
        }
        return isolators_set(l, name, value, ret_error);
}
