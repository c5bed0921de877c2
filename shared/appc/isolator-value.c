/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "isolator-value.h"

#include <errno.h>
#include <inttypes.h>

#include "alloc.h"
#include "strv.h"
#include "types.h"

static int fail_member(JsonContext *c, const char *key, const char *message) {
        size_t mark = json_enter(c, key);
        int r = json_fail(c, "%s", message);
        json_leave(c, mark);
        return r;
}

/* A quantity, as a string or (as Kubernetes accepts, too) as a number. 1 if it is there. */
static int get_quantity(JsonContext *c, json_object *o, const char *key, Quantity *ret) {
        json_object *value = NULL;
        json_object_object_get_ex(o, key, &value);
        if (!value)
                return 0;

        size_t mark = json_enter(c, key);
        int r = 1;
        json_type type = json_object_get_type(value);
        Quantity q;
        if (type != json_type_string && type != json_type_int && type != json_type_double)
                r = json_expect(c, value, json_type_string);
        else if (quantity_parse(json_object_get_string(value), &q) < 0)
                r = json_fail(c,
                                "%s is not a quantity: expected a number with a suffix, such as \"500m\" or "
                                "\"128Mi\"",
                                json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE));
        else if (q.nano < 0)
                r = json_fail(c, "must not be negative");
        else
                *ret = q;
        json_leave(c, mark);
        return r;
}

static int parse_quantities(JsonContext *c, json_object *value, Isolator *i) {
        if (json_expect(c, value, json_type_object) < 0 ||
                        json_get_bool(c, value, "default", JSON_OPTIONAL, &i->resource.is_default) < 0)
                return -EINVAL;
        int r = get_quantity(c, value, "request", &i->resource.request);
        if (r < 0)
                return r;
        i->resource.has_request = r;
        r = get_quantity(c, value, "limit", &i->resource.limit);
        if (r < 0)
                return r;
        i->resource.has_limit = r;
        return 0;
}

int isolator_parse_resource(JsonContext *c, json_object *value, Isolator *i) {
        if (parse_quantities(c, value, i) < 0)
                return -EINVAL;
        if (i->resource.is_default)
                return fail_member(c, "default", "must be false for this isolator");
        return 0;
}

int isolator_parse_bandwidth(JsonContext *c, json_object *value, Isolator *i) {
        if (parse_quantities(c, value, i) < 0)
                return -EINVAL;
        if (!i->resource.is_default)
                return fail_member(c, "default", "must be true for this isolator");
        if (i->resource.has_request)
                return fail_member(c, "request", "only a limit is allowed for this isolator");
        return i->resource.has_limit ? 0 : fail_member(c, "limit", "missing");
}

int isolator_parse_limit(JsonContext *c, json_object *value, Isolator *i) {
        if (isolator_parse_resource(c, value, i) < 0)
                return -EINVAL;
        if (i->resource.has_request)
                return fail_member(c, "request", "only a limit is allowed for this isolator");
        return i->resource.has_limit ? 0 : fail_member(c, "limit", "missing");
}

/* The non-empty "set" of an object; every name out of the characters of allowed, and not empty. */
static int parse_set(
                JsonContext *c, json_object *value, const char *allowed, const char *expected, Isolator *i) {
        if (json_expect(c, value, json_type_object) < 0 ||
                        json_get_strv(c, value, "set", JSON_REQUIRED, &i->set) < 0)
                return -EINVAL;

        size_t mark = json_enter(c, "set");
        int r = i->set[0] ? 0 : json_fail(c, "must not be empty");
        for (size_t n = 0; r >= 0 && i->set[n]; n++) {
                const char *name = i->set[n];
                if (*name && !name[strspn(name, allowed)])
                        continue;
                json_enter_index(c, n);
                r = json_fail(c, "\"%s\" is not the name of %s", name, expected);
        }
        json_leave(c, mark);
        return r;
}

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

int isolator_parse_capabilities(JsonContext *c, json_object *value, Isolator *i) {
        return parse_set(c, value, LOWER UPPER DIGITS "_",
                        "a capability: expected one such as CAP_NET_ADMIN", i);
}

int isolator_parse_seccomp(JsonContext *c, json_object *value, Isolator *i) {
        if (parse_set(c, value, LOWER UPPER DIGITS "_-.@/",
                            "a system call: expected one such as mount, or a wildcard such as @appc.io/all",
                            i) < 0)
                return -EINVAL;
        const char *name = NULL;
        if (json_get_string(c, value, "errno", JSON_OPTIONAL, &name) < 0)
                return -EINVAL;
        if (isempty(name))
                return 0;
        if (name[0] != 'E' || !name[1] || name[strspn(name, UPPER DIGITS)])
                return fail_member(c, "errno", "expected the name of an error such as EPERM");
        i->error_name = xstrdup(name);
        return 0;
}

int isolator_parse_flag(JsonContext *c, json_object *value, Isolator *i) {
        if (json_expect(c, value, json_type_boolean) < 0)
                return -EINVAL;
        i->flag = json_object_get_boolean(value);
        return 0;
}

static void number_range(IsolatorType type, int64_t *ret_min, int64_t *ret_max) {
        static const struct {
                int64_t min, max;
        } ranges[_ISOLATOR_TYPE_MAX] = {
                [ISOLATOR_OOM_SCORE_ADJ] = { -1000, 1000 },
                [ISOLATOR_CPU_SHARES] = { 2, 262144 },
                [ISOLATOR_PIDS] = { 1, 4194304 }, /* the kernel's highest pid_max */
                [ISOLATOR_IO_WEIGHT] = { 1, 10000 },
        };
        *ret_min = ranges[type].min;
        *ret_max = ranges[type].max;
}

int isolator_parse_number(JsonContext *c, json_object *value, Isolator *i) {
        int64_t min, max;
        number_range(i->type, &min, &max);
        if (json_expect(c, value, json_type_int) < 0)
                return -EINVAL;
        int64_t v = json_object_get_int64(value);
        if (v < min || v > max)
                return json_fail(c, "%s is out of range: expected %" PRIi64 " to %" PRIi64,
                                json_object_to_json_string(value), min, max);
        i->number = v;
        return 0;
}

/* A string that becomes part of a security label: no characters that its syntax uses. */
static int get_word(JsonContext *c, json_object *value, const char *key, JsonPresence p, char **ret) {
        const char *word = NULL;
        if (json_get_string(c, value, key, p, &word) < 0)
                return -EINVAL;
        if (!word)
                return 0;
        if (p == JSON_REQUIRED && !*word)
                return fail_member(c, key, "must not be empty");
        *ret = xstrdup(word);
        return 0;
}

int isolator_parse_selinux(JsonContext *c, json_object *value, Isolator *i) {
        static const char *const keys[] = { "user", "role", "type", "level" };
        char **targets[] = { &i->selinux.user, &i->selinux.role, &i->selinux.type, &i->selinux.level };
        if (json_expect(c, value, json_type_object) < 0)
                return -EINVAL;
        for (size_t n = 0; n < ELEMENTSOF(keys); n++) {
                if (get_word(c, value, keys[n], JSON_REQUIRED, targets[n]) < 0)
                        return -EINVAL;
                /* only the level has colons of its own ("s0:c1,c2") */
                if (n < 3 && strchr(*targets[n], ':'))
                        return fail_member(c, keys[n], "must not contain a colon");
        }
        return 0;
}

int isolator_parse_apparmor(JsonContext *c, json_object *value, Isolator *i) {
        if (json_expect(c, value, json_type_object) < 0)
                return -EINVAL;
        return get_word(c, value, "profile", JSON_REQUIRED, &i->profile);
}

/* Names become paths below /proc/sys: only dots and slashes between words, and no way up. */
static bool sysctl_name_is_valid(const char *s) {
        return *s && !s[strspn(s, LOWER UPPER DIGITS "_-./")] && *s != '/' && *s != '.' &&
               !strstr(s, "..") && !strstr(s, "//") && !strstr(s, "/.");
}

/* An object of strings, each judged by valid; what is expected goes into the message. */
static int parse_strings(JsonContext *c, json_object *value,
                bool (*valid)(const char *name, const char *text), const char *expected, Isolator *i) {
        if (json_expect(c, value, json_type_object) < 0)
                return -EINVAL;
        struct json_object_iterator n = json_object_iter_begin(value), end = json_object_iter_end(value);
        for (; !json_object_iter_equal(&n, &end); json_object_iter_next(&n)) {
                const char *name = json_object_iter_peek_name(&n), *text;
                if (json_get_string(c, value, name, JSON_REQUIRED, &text) < 0)
                        return -EINVAL;
                if (!valid(name, text))
                        return json_fail(c, "\"%s\": \"%s\": expected %s", name, text, expected);
                name_values_add(&i->values, name, text);
        }
        return 0;
}

/* "0-3,8": numbers and ranges, as the kernel reads them. */
static bool cpuset_is_valid(const char *name, const char *text) {
        if (!streq(name, "cpus") && !streq(name, "mems"))
                return false;
        while (*text) {
                size_t n = strspn(text, DIGITS), m = 0;
                if (text[n] == '-')
                        m = 1 + strspn(text + n + 1, DIGITS);
                if (n == 0 || n > 5 || m == 1 || m > 6)
                        return false;
                text += n + m;
                if (!*text)
                        return true;
                if (*text++ != ',')
                        return false;
        }
        return false;
}

int isolator_parse_cpuset(JsonContext *c, json_object *value, Isolator *i) {
        return parse_strings(c, value, cpuset_is_valid,
                        "cpus or mems, with numbers and ranges such as \"0-3,8\"", i);
}

static const char *skip_rlimit(const char *text) {
        const char *rest = startswith(text, "unlimited") ?: startswith(text, "infinity");
        size_t n = strspn(text, DIGITS);
        return rest ?: n > 0 && n < 20 ? text + n : NULL;
}

static bool rlimit_is_valid(const char *name, const char *text) {
        if (!*name || name[strspn(name, LOWER)])
                return false;
        const char *rest = skip_rlimit(text);
        if (rest && *rest == ':')
                rest = skip_rlimit(rest + 1);
        return rest && !*rest;
}

int isolator_parse_rlimits(JsonContext *c, json_object *value, Isolator *i) {
        return parse_strings(c, value, rlimit_is_valid,
                        "a limit of setrlimit(2) such as nofile, with \"SOFT\" or \"SOFT:HARD\", numbers or "
                        "unlimited",
                        i);
}

int isolator_parse_sysctl(JsonContext *c, json_object *value, Isolator *i) {
        if (json_expect(c, value, json_type_object) < 0)
                return -EINVAL;
        struct json_object_iterator n = json_object_iter_begin(value), end = json_object_iter_end(value);
        for (; !json_object_iter_equal(&n, &end); json_object_iter_next(&n)) {
                const char *name = json_object_iter_peek_name(&n), *v;
                if (!sysctl_name_is_valid(name))
                        return json_fail(c,
                                        "\"%s\" is not the name of a kernel parameter: expected one such as "
                                        "net.ipv4.ip_forward",
                                        name);
                if (json_get_string(c, value, name, JSON_REQUIRED, &v) < 0)
                        return -EINVAL;
                name_values_add(&i->values, name, v);
        }
        return 0;
}
