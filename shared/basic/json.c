/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json.h"

#include <errno.h>
#include <inttypes.h>

#include "alloc.h"
#include "json-locate.h"
#include "strv.h"

static char *escape_controls(const char *s) {
        char *escaped = xcalloc(strlen(s) * 4 + 1, 1), *p = escaped;
        for (; *s; s++)
                if ((unsigned char) *s < ' ' || *s == 0x7f)
                        p += sprintf(p, "\\x%02x", (unsigned char) *s);
                else
                        *p++ = *s;
        return escaped;
}

static int fail_at(JsonContext *c, size_t offset, const char *message) {
        size_t line = 1, column = 1;
        for (size_t i = 0; i < offset && i < c->size; i++)
                if (c->text[i] == '\n')
                        line++, column = 1;
                else
                        column++;
        _cleanup_free_ char *safe = escape_controls(message);
        c->error = xasprintf("%s:%zu:%zu: %s", c->name, line, column, safe);
        return -EINVAL;
}

/* What json-c lets pass although RFC 8259 does not, and a count of values before json-c allocates for them.
 * NULL if all is well, else what is wrong and where. */
static const char *check_text(const char *text, size_t size, size_t *ret_offset) {
        size_t values = 1, containers = 0;
        bool in_string = false;
        for (size_t i = 0; i < size; i++) {
                char ch = text[i];
                *ret_offset = i;
                if (in_string) {
                        if ((unsigned char) ch < ' ')
                                return "a control character in a string must be escaped";
                        if (ch == '\\')
                                i++;
                        else if (ch == '"')
                                in_string = false;
                        continue;
                }
                in_string = ch == '"';
                values += ch == ',';
                containers += ch == '{' || ch == '[';
                if (ch == 'N' || ch == 'I')
                        return "NaN and Infinity are not JSON numbers";
                if (ch == '\'')
                        return "strings are quoted with \" and not with '";
                if (!ch || !strchr(" \t\r\n{}[],:\"+-.0123456789eEtrufalsn", ch))
                        return "unexpected character: this is not JSON";
                if (ch == '.' && (i + 1 == size || text[i + 1] < '0' || text[i + 1] > '9'))
                        return "expected a digit behind the decimal point";
                if (values > JSON_MAX_VALUES || containers > JSON_MAX_CONTAINERS)
                        return "the document has too many values";
        }
        return NULL;
}

int json_context_parse(JsonContext *c, const char *name, const char *text, size_t size) {
        *c = (JsonContext){ .name = name, .text = text, .size = size };
        if (size > INT32_MAX)
                return fail_at(c, 0, "the document is too large");
        size_t offset;
        const char *problem = check_text(text, size, &offset);
        if (problem)
                return fail_at(c, offset, problem);

        struct json_tokener *tokener = json_tokener_new_ex(JSON_MAX_DEPTH);
        if (!tokener)
                return -ENOMEM;
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
        c->root = json_tokener_parse_ex(tokener, text, (int) size);
        enum json_tokener_error e = json_tokener_get_error(tokener);
        size_t end = json_tokener_get_parse_end(tokener);
        if (e == json_tokener_continue && size > 0) {
                /* a number at the top level has no end of its own: a NUL is one */
                c->root = json_tokener_parse_ex(tokener, "", 1);
                if (json_tokener_get_error(tokener) == json_tokener_success) {
                        e = json_tokener_success;
                        end = size;
                }
        }
        json_tokener_free(tokener);

        if (e == json_tokener_continue)
                return fail_at(c, size,
                                size == 0 ? "the document is empty" : "unexpected end of the document");
        if (e != json_tokener_success)
                return fail_at(c, end, json_tokener_error_desc(e));
        for (; end < size; end++)
                if (!strchr(" \t\r\n", text[end]) || !text[end])
                        return fail_at(c, end, "unexpected data after the document");
        return 0;
}

void json_context_done(JsonContext *c) {
        json_object_put(c->root);
        free(c->error);
        *c = (JsonContext){};
}

static size_t enter(JsonContext *c, const char *key, size_t index) {
        size_t mark = c->depth;
        if (c->depth < JSON_MAX_PATH) {
                c->path[c->depth].key = key;
                c->path[c->depth].index = index;
                c->depth++;
        }
        return mark;
}

size_t json_enter(JsonContext *c, const char *key) {
        return enter(c, key, 0);
}

size_t json_enter_index(JsonContext *c, size_t index) {
        return enter(c, NULL, index);
}

void json_leave(JsonContext *c, size_t mark) {
        c->depth = mark;
}

static char *path_text(const JsonContext *c) {
        char *text = xstrdup("");
        for (size_t i = 0; i < c->depth; i++) {
                _cleanup_free_ char *before = text;
                text = c->path[i].key ? xasprintf("%s%s%s", before, i ? "." : "", c->path[i].key)
                                      : xasprintf("%s[%zu]", before, c->path[i].index);
        }
        return text;
}

int json_fail(JsonContext *c, const char *format, ...) {
        if (c->error)
                return -EINVAL;
        va_list ap;
        va_start(ap, format);
        _cleanup_free_ char *message = xvasprintf(format, ap);
        va_end(ap);
        _cleanup_free_ char *path = path_text(c);
        _cleanup_free_ char *full = xasprintf("%s%s%s", path, *path ? ": " : "", message);

        size_t offset = 0;
        for (size_t i = 0; i < c->depth; i++) {
                /* an absent member is reported at the object that lacks it */
                size_t next = c->path[i].key ? json_locate_member(c->text, c->size, offset, c->path[i].key)
                                             : json_locate_element(
                                                               c->text, c->size, offset, c->path[i].index);
                if (next == JSON_LOCATE_NONE)
                        break;
                offset = next;
        }
        return fail_at(c, json_locate_value(c->text, c->size, offset), full);
}

int json_fail_member(JsonContext *c, const char *key, const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        _cleanup_free_ char *message = xvasprintf(format, ap);
        va_end(ap);
        size_t mark = json_enter(c, key);
        int r = json_fail(c, "%s", message);
        json_leave(c, mark);
        return r;
}

const char *json_kind(json_object *o) {
        switch (json_object_get_type(o)) {
        case json_type_null: return "null";
        case json_type_boolean: return "a boolean";
        case json_type_double:
        case json_type_int: return "a number";
        case json_type_object: return "an object";
        case json_type_array: return "an array";
        case json_type_string: return "a string";
        }
        return "something unknown";
}

static const char *type_name(json_type type) {
        static const char *const names[] = {
                [json_type_null] = "null",
                [json_type_boolean] = "a boolean",
                [json_type_double] = "a number",
                [json_type_int] = "an integer",
                [json_type_object] = "an object",
                [json_type_array] = "an array",
                [json_type_string] = "a string",
        };
        return names[type];
}

int json_expect(JsonContext *c, json_object *o, json_type type) {
        if (c->error)
                return -EINVAL;
        if (!json_object_is_type(o, type))
                return json_fail(c, "expected %s, found %s", type_name(type), json_kind(o));
        return 0;
}

/* 1 if the member is there and of the type, 0 if it is absent and may be. The caller leaves. */
static int get(JsonContext *c, json_object *o, const char *key, JsonPresence p, json_type type,
                json_object **ret) {
        json_object *value = NULL;
        if (c->error)
                return -EINVAL;
        json_object_object_get_ex(o, key, &value);
        if (!value)
                return p == JSON_REQUIRED ? json_fail(c, "missing") : 0;
        int r = json_expect(c, value, type);
        if (r < 0)
                return r;
        *ret = value;
        return 1;
}

static int get_member(JsonContext *c, json_object *o, const char *key, JsonPresence p, json_type type,
                json_object **ret) {
        size_t mark = json_enter(c, key);
        int r = get(c, o, key, p, type, ret);
        json_leave(c, mark);
        return r;
}

int json_get_string(JsonContext *c, json_object *o, const char *key, JsonPresence p, const char **ret) {
        json_object *value = NULL;
        int r = get_member(c, o, key, p, json_type_string, &value);
        if (r <= 0)
                return r;
        const char *s = json_object_get_string(value);
        if (strlen(s) != (size_t) json_object_get_string_len(value)) {
                size_t mark = json_enter(c, key);
                r = json_fail(c, "a string with a NUL character is not allowed");
                json_leave(c, mark);
                return r;
        }
        *ret = s;
        return 0;
}

int json_get_bool(JsonContext *c, json_object *o, const char *key, JsonPresence p, bool *ret) {
        json_object *value = NULL;
        int r = get_member(c, o, key, p, json_type_boolean, &value);
        if (r <= 0)
                return r;
        *ret = json_object_get_boolean(value);
        return 0;
}

int json_get_int(JsonContext *c, json_object *o, const char *key, JsonPresence p, int64_t min, int64_t max,
                int64_t *ret) {
        json_object *value = NULL;
        int r = get_member(c, o, key, p, json_type_int, &value);
        if (r <= 0)
                return r;
        errno = 0;
        int64_t v = json_object_get_int64(value);
        if (errno == ERANGE || v < min || v > max ||
                        (v == INT64_MAX && json_object_get_uint64(value) > INT64_MAX)) {
                size_t mark = json_enter(c, key);
                r = json_fail(c, "%s is out of range: expected %" PRIi64 " to %" PRIi64,
                                json_object_to_json_string(value), min, max);
                json_leave(c, mark);
                return r;
        }
        *ret = v;
        return 0;
}

int json_get_object(JsonContext *c, json_object *o, const char *key, JsonPresence p, json_object **ret) {
        json_object *value = NULL;
        int r = get_member(c, o, key, p, json_type_object, &value);
        if (r < 0)
                return r;
        *ret = value;
        return 0;
}

int json_get_array(JsonContext *c, json_object *o, const char *key, JsonPresence p, json_object **ret) {
        json_object *value = NULL;
        int r = get_member(c, o, key, p, json_type_array, &value);
        if (r < 0)
                return r;
        *ret = value;
        return 0;
}

int json_get_strv(JsonContext *c, json_object *o, const char *key, JsonPresence p, char ***ret) {
        json_object *array;
        int r = json_get_array(c, o, key, p, &array);
        if (r < 0 || !array)
                return r;

        _cleanup_strv_ char **l = xnew(char *, json_object_array_length(array) + 1);
        size_t mark = json_enter(c, key);
        for (size_t i = 0; i < json_object_array_length(array); i++) {
                json_object *value = json_object_array_get_idx(array, i);
                size_t inner = json_enter_index(c, i);
                r = json_expect(c, value, json_type_string);
                if (r >= 0 && strlen(json_object_get_string(value)) !=
                                                (size_t) json_object_get_string_len(value))
                        r = json_fail(c, "a string with a NUL character is not allowed");
                json_leave(c, inner);
                if (r < 0)
                        break;
                l[i] = xstrdup(json_object_get_string(value));
        }
        json_leave(c, mark);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(l);
        return 0;
}

/* json-c indents with its own flag: JSON_C_TO_STRING_PRETTY_TAB puts a tab for each level and, as Go does,
 * a space after the colon only with JSON_C_TO_STRING_SPACED. */
char *json_to_text(json_object *o, bool pretty) {
        int flags = JSON_C_TO_STRING_NOSLASHESCAPE;
        flags |= pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_PRETTY_TAB | JSON_C_TO_STRING_SPACED
                        : JSON_C_TO_STRING_PLAIN;
        return xstrdup(json_object_to_json_string_ext(o, flags));
}
