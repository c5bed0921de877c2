/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "isolator.h"

#include <errno.h>

#include "alloc.h"
#include "isolator-value.h"
#include "option-json.h"
#include "strv.h"
#include "types.h"

/* How the value of each isolator is read, and which other one it excludes. */
static const struct {
        const char *name;
        int (*parse)(JsonContext *c, json_object *value, Isolator *i);
        IsolatorType opposite;
        bool once;
} isolator_table[_ISOLATOR_TYPE_MAX] = {
        [ISOLATOR_CPU] = { "resource/cpu", isolator_parse_resource },
        [ISOLATOR_MEMORY] = { "resource/memory", isolator_parse_resource },
        [ISOLATOR_BLOCK_BANDWIDTH] = { "resource/block-bandwidth", isolator_parse_bandwidth },
        [ISOLATOR_BLOCK_IOPS] = { "resource/block-iops", isolator_parse_bandwidth },
        [ISOLATOR_NETWORK_BANDWIDTH] = { "resource/network-bandwidth", isolator_parse_bandwidth },
        [ISOLATOR_CAPABILITIES_RETAIN] = { "os/linux/capabilities-retain-set", isolator_parse_capabilities,
                        ISOLATOR_CAPABILITIES_REMOVE, true },
        [ISOLATOR_CAPABILITIES_REMOVE] = { "os/linux/capabilities-remove-set", isolator_parse_capabilities,
                        ISOLATOR_CAPABILITIES_RETAIN, true },
        [ISOLATOR_SECCOMP_RETAIN] = { "os/linux/seccomp-retain-set", isolator_parse_seccomp,
                        ISOLATOR_SECCOMP_REMOVE, true },
        [ISOLATOR_SECCOMP_REMOVE] = { "os/linux/seccomp-remove-set", isolator_parse_seccomp,
                        ISOLATOR_SECCOMP_RETAIN, true },
        [ISOLATOR_NO_NEW_PRIVILEGES] = { "os/linux/no-new-privileges", isolator_parse_flag },
        [ISOLATOR_OOM_SCORE_ADJ] = { "os/linux/oom-score-adj", isolator_parse_number },
        [ISOLATOR_CPU_SHARES] = { "os/linux/cpu-shares", isolator_parse_number },
        [ISOLATOR_SELINUX_CONTEXT] = { "os/linux/selinux-context", isolator_parse_selinux },
        [ISOLATOR_APPARMOR_PROFILE] = { "os/linux/apparmor-profile", isolator_parse_apparmor },
        [ISOLATOR_SYSCTL] = { "os/unix/sysctl", isolator_parse_sysctl },
        [ISOLATOR_PIDS] = { "coreos.com/rkt/pids-max", isolator_parse_number },
        [ISOLATOR_IO_WEIGHT] = { "coreos.com/rkt/io-weight", isolator_parse_number },
        [ISOLATOR_MEMORY_HIGH] = { "coreos.com/rkt/memory-high", isolator_parse_limit },
        [ISOLATOR_MEMORY_SWAP] = { "coreos.com/rkt/memory-swap-max", isolator_parse_limit },
        [ISOLATOR_CPUSET] = { "coreos.com/rkt/cpuset", isolator_parse_cpuset },
        [ISOLATOR_RLIMITS] = { "coreos.com/rkt/rlimits", isolator_parse_rlimits },
        [ISOLATOR_CAPABILITIES_AMBIENT] = { "coreos.com/rkt/capabilities-ambient-set",
                        isolator_parse_capabilities, .once = true },
};

static void isolator_done(Isolator *i) {
        free(i->name);
        json_object_put(i->value);
        strv_free(i->set);
        free(i->error_name);
        free(i->selinux.user);
        free(i->selinux.role);
        free(i->selinux.type);
        free(i->selinux.level);
        free(i->profile);
        name_values_clear(&i->values);
        *i = (Isolator){};
}
#define _cleanup_isolator_ _cleanup_(isolator_done)

void isolators_clear(IsolatorList *l) {
        for (size_t i = 0; i < l->n; i++)
                isolator_done(&l->items[i]);
        free(l->items);
        *l = (IsolatorList){};
}

const char *isolator_type_name(IsolatorType type) {
        return isolator_table[type].name;
}

IsolatorType isolator_type_from_name(const char *name) {
        for (IsolatorType t = ISOLATOR_UNKNOWN + 1; t < _ISOLATOR_TYPE_MAX; t++)
                if (streq(isolator_table[t].name, name))
                        return t;
        return ISOLATOR_UNKNOWN;
}

const Isolator *isolators_find(const IsolatorList *l, IsolatorType type) {
        for (size_t i = l->n; i-- > 0;)
                if (l->items[i].type == type)
                        return &l->items[i];
        return NULL;
}

void isolators_remove(IsolatorList *l, IsolatorType type) {
        size_t kept = 0;
        for (size_t i = 0; i < l->n; i++)
                if (l->items[i].type == type)
                        isolator_done(&l->items[i]);
                else
                        l->items[kept++] = l->items[i];
        l->n = kept;
}

static void append(IsolatorList *l, Isolator *i) {
        xgrow(&l->items, l->n);
        l->items[l->n++] = *i;
        *i = (Isolator){};
}

static int parse_isolator(JsonContext *c, const char *name, json_object *value, Isolator *i) {
        i->name = xstrdup(name);
        i->type = isolator_type_from_name(name);
        i->value = json_object_get(value);
        if (i->type == ISOLATOR_UNKNOWN)
                return 0;
        if (!value) {
                size_t mark = json_enter(c, "value");
                int r = json_fail(c, "missing");
                json_leave(c, mark);
                return r;
        }
        size_t mark = json_enter(c, "value");
        int r = isolator_table[i->type].parse(c, value, i);
        json_leave(c, mark);
        return r;
}

static int parse_item(JsonContext *c, json_object *o, IsolatorList *l) {
        _cleanup_isolator_ Isolator i = {};
        const char *name;
        if (json_expect(c, o, json_type_object) < 0 ||
                        json_get_string(c, o, "name", JSON_REQUIRED, &name) < 0)
                return -EINVAL;
        if (!ac_identifier_is_valid(name)) {
                json_enter(c, "name");
                return json_fail(c, "\"%s\" is not an AC identifier: expected %s", name, AC_IDENTIFIER_FORM);
        }
        json_object *value = NULL;
        json_object_object_get_ex(o, "value", &value);
        if (parse_isolator(c, name, value, &i) < 0)
                return -EINVAL;
        if (isolator_table[i.type].once && isolators_find(l, i.type))
                return json_fail(c, "%s is given twice", name);
        if (isolator_table[i.type].opposite && isolators_find(l, isolator_table[i.type].opposite))
                return json_fail(c, "%s and %s exclude each other",
                                isolator_table[isolator_table[i.type].opposite].name, name);
        append(l, &i);
        return 0;
}

int isolators_parse(JsonContext *c, json_object *o, IsolatorList *ret) {
        json_object *array;
        int r = json_get_array(c, o, "isolators", JSON_OPTIONAL, &array);
        if (r < 0)
                return r;
        _cleanup_isolators_ IsolatorList l = {};
        size_t mark = json_enter(c, "isolators");
        for (size_t i = 0; r >= 0 && array && i < json_object_array_length(array); i++) {
                size_t inner = json_enter_index(c, i);
                r = parse_item(c, json_object_array_get_idx(array, i), &l);
                json_leave(c, inner);
        }
        json_leave(c, mark);
        if (r < 0)
                return r;
        *ret = l;
        l = (IsolatorList){};
        return 0;
}

json_object *isolators_to_json(const IsolatorList *l) {
        json_object *array = json_object_new_array_ext(l->n);
        for (size_t i = 0; i < l->n; i++) {
                json_object *o = json_object_new_object();
                json_object_object_add(o, "name", json_object_new_string(l->items[i].name));
                if (l->items[i].value)
                        json_object_object_add(o, "value", json_object_get(l->items[i].value));
                json_object_array_add(array, o);
        }
        return array;
}

int isolators_set(IsolatorList *l, const char *name, json_object *value, char **ret_error) {
        _cleanup_isolator_ Isolator i = {};
        _cleanup_free_ char *text = value ? json_to_text(value, false) : xstrdup("null");
        _cleanup_free_ char *document = xasprintf("{\"value\":%s}", text);
        _cleanup_json_context_ JsonContext c;

        /* parsed from text again, so that an error has a place to point at, and value stays the caller's */
        int r = json_context_parse(&c, name, document, strlen(document));
        if (r >= 0) {
                json_object *copy = NULL;
                json_object_object_get_ex(c.root, "value", &copy);
                r = parse_isolator(&c, name, copy, &i);
        }
        if (r < 0) {
                if (ret_error)
                        *ret_error = xasprintf("%s: %s", name, json_error_without_place(&c));
                return r;
        }
        if (i.type != ISOLATOR_UNKNOWN)
                isolators_remove(l, i.type);
        if (isolator_table[i.type].opposite)
                isolators_remove(l, isolator_table[i.type].opposite);
        append(l, &i);
        return 0;
}
