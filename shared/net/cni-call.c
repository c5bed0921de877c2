/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdarg.h>
#include <strings.h>

#include "alloc.h"
#include "cni-plugin.h"
#include "strv.h"

int cni_fail(CniCall *c, int code, const char *format, ...) {
        if (c->error.message)
                return -EINVAL;
        va_list ap;
        va_start(ap, format);
        c->error.message = xvasprintf(format, ap);
        va_end(ap);
        c->error.code = code;
        return -EINVAL;
}

int cni_fail_errno(CniCall *c, int error, const char *format, ...) {
        error = abs(error);
        if (c->error.message)
                return -error;
        va_list ap;
        va_start(ap, format);
        _cleanup_free_ char *what = xvasprintf(format, ap);
        va_end(ap);
        c->error.message = xasprintf("%s: %s", what, strerror(error));
        c->error.code = CNI_INTERNAL;
        return -error;
}

int cni_fail_config(CniCall *c) {
        return cni_fail(c, CNI_INTERNAL, "failed to load netconf: %s", c->conf.error);
}

int cni_call_read(CniCall *c, const CniField *fields, size_t n) {
        int r = 0;
        for (const CniField *f = fields; f < fields + n && r >= 0; f++)
                switch (f->type) {
                case CNI_STRING:
                        r = json_get_string(&c->conf, c->conf.root, f->key, JSON_OPTIONAL, f->value);
                        break;
                case CNI_BOOL:
                        r = json_get_bool(&c->conf, c->conf.root, f->key, JSON_OPTIONAL, f->value);
                        break;
                case CNI_INT:
                        r = json_get_int(&c->conf, c->conf.root, f->key, JSON_OPTIONAL, f->min, f->max,
                                        f->value);
                        break;
                }
        return r < 0 ? cni_fail_config(c) : 0;
}

const char *cni_call_arg(const CniCall *c, const char *key) {
        size_t n = strlen(key);
        STRV_FOREACH (a, c->args)
                if (strncasecmp(*a, key, n) == 0 && (*a)[n] == '=')
                        return *a + n + 1;
        return NULL;
}

static json_object *member(json_object *o, const char *key) {
        json_object *value = NULL;
        if (json_object_is_type(o, json_type_object))
                json_object_object_get_ex(o, key, &value);
        return value;
}

json_object *cni_call_runtime(const CniCall *c, const char *key) {
        json_object *value = member(member(c->conf.root, "runtimeConfig"), key);
        return value ? value : member(member(member(c->conf.root, "args"), "cni"), key);
}

int cni_call_mac(CniCall *c, const char **ret) {
        const char *mac = cni_call_arg(c, "MAC");
        json_object *value = cni_call_runtime(c, "mac");
        if (value && !json_object_is_type(value, json_type_string))
                return cni_fail(c, CNI_INTERNAL, "failed to load netconf: mac: expected a string, found %s",
                                json_kind(value));
        if (value && json_object_get_string_len(value) > 0)
                mac = json_object_get_string(value);
        *ret = isempty(mac) ? NULL : mac;
        return 0;
}

bool cni_call_is_valid_attachment(const CniCall *c, const char *container_id, const char *ifname) {
        json_object *list = member(c->conf.root, "cni.dev/valid-attachments");
        if (!json_object_is_type(list, json_type_array))
                return true; /* the caller does not say: nothing may be taken away */
        for (size_t i = 0; i < json_object_array_length(list); i++) {
                json_object *a = json_object_array_get_idx(list, i);
                json_object *id = member(a, "containerID"), *name = member(a, "ifname");
                if (id && streq(json_object_get_string(id), container_id) &&
                                (!ifname || (name && streq(json_object_get_string(name), ifname))))
                        return true;
        }
        return false;
}

int cni_call_take_previous(CniCall *c, CniResult *result) {
        if (!c->has_previous)
                return cni_fail(c, CNI_INTERNAL, "must be called as chained plugin: prevResult is missing");
        *result = c->previous;
        c->previous = (CniResult){};
        return 0;
}

int cni_call_configured_dns(CniCall *c, CniResult *result) {
        _cleanup_(cni_dns_done) CniDns dns = {};
        json_object *o = NULL;
        if (json_get_object(&c->conf, c->conf.root, "dns", JSON_OPTIONAL, &o) < 0)
                return cni_fail_config(c);
        if (!o)
                return 0;
        size_t mark = json_enter(&c->conf, "dns");
        int r = cni_dns_from_json(&c->conf, o, &dns);
        json_leave(&c->conf, mark);
        if (r < 0)
                return cni_fail_config(c);
        if (!cni_dns_is_empty(&dns))
                cni_dns_copy(&result->dns, &dns);
        return 0;
}
