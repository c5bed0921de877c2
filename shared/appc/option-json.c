/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "option-json.h"

#include <errno.h>
#include <stdarg.h>

#include "alloc.h"
#include "name-value.h"
#include "option.h"
#include "strv.h"

int option_fail(char **ret_error, const char *format, ...) {
        if (ret_error) {
                va_list ap;
                va_start(ap, format);
                *ret_error = xvasprintf(format, ap);
                va_end(ap);
        }
        return -EINVAL;
}

static int add_member(const OptionJsonKey *key, const char *value, json_object *object, char **ret_error) {
        bool b;
        int64_t n;
        json_object *v = NULL;
        switch (key->type) {
        case OPTION_JSON_STRING: v = json_object_new_string(value); break;
        case OPTION_JSON_BOOL:
                if (parse_bool(value, &b) < 0)
                        return option_fail(ret_error, "%s: expected true or false, found \"%s\"", key->key,
                                        value);
                v = json_object_new_boolean(b);
                break;
        case OPTION_JSON_INT:
                if (parse_int(value, INT64_MIN, INT64_MAX, &n) < 0)
                        return option_fail(
                                        ret_error, "%s: expected a number, found \"%s\"", key->key, value);
                v = json_object_new_int64(n);
                break;
        }
        json_object_object_add(object, key->member, v);
        return 0;
}

int option_to_json(const char *s, const OptionJsonKey *keys, json_object *object, char **ret_error) {
        _cleanup_strv_ char **parts = strv_split(s, ',');
        STRV_FOREACH (part, parts) {
                _cleanup_free_ char *name = NULL, *value = NULL;
                if (name_value_split(*part, &name, &value) < 0)
                        return option_fail(ret_error, "\"%s\": expected NAME=VALUE", *part);
                const OptionJsonKey *key = keys;
                while (key->key && !streq(key->key, name))
                        key++;
                if (!key->key)
                        return option_fail(ret_error, "unknown parameter \"%s\"", name);
                if (json_object_object_get_ex(object, key->member, NULL))
                        return option_fail(ret_error, "parameter \"%s\" is given twice", name);
                int r = add_member(key, value, object, ret_error);
                if (r < 0)
                        return r;
        }
        return 0;
}

const char *json_error_without_place(const JsonContext *c) {
        const char *place = c->error ? startswith(c->error, c->name) : NULL;
        const char *message = place ? strstr(place, ": ") : NULL;
        return message ? message + 2 : "invalid value";
}

int option_parse_json(json_object *value, int (*parse)(JsonContext *c, json_object *o, void *ret), void *ret,
                char **ret_error) {
        _cleanup_free_ char *text = json_to_text(value, false);
        json_object_put(value);
        _cleanup_json_context_ JsonContext c;
        int r = json_context_parse(&c, "option", text, strlen(text));
        if (r >= 0)
                r = parse(&c, c.root, ret);
        return r < 0 ? option_fail(ret_error, "%s", json_error_without_place(&c)) : 0;
}
