/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cni-result.h"

#include <errno.h>

#include "alloc.h"
#include "strv.h"

static const char *const version_names[_CNI_VERSION_MAX] = {
        [CNI_0_1_0] = "0.1.0",
        [CNI_0_2_0] = "0.2.0",
        [CNI_0_3_0] = "0.3.0",
        [CNI_0_3_1] = "0.3.1",
        [CNI_0_4_0] = "0.4.0",
        [CNI_1_0_0] = "1.0.0",
        [CNI_1_1_0] = "1.1.0",
};

const char *cni_version_name(CniVersion v) {
        return version_names[v];
}

int cni_version_parse(const char *text, CniVersion *ret) {
        if (isempty(text))
                text = version_names[CNI_0_1_0];
        for (CniVersion v = 0; v < _CNI_VERSION_MAX; v++)
                if (streq(text, version_names[v])) {
                        *ret = v;
                        return 0;
                }
        return -EPROTONOSUPPORT;
}

json_object *cni_version_json(CniVersion asked) {
        json_object *o = json_object_new_object(), *list = json_object_new_array();
        for (CniVersion v = 0; v < _CNI_VERSION_MAX; v++)
                json_object_array_add(list, json_object_new_string(version_names[v]));
        json_object_object_add(o, "cniVersion", json_object_new_string(version_names[asked]));
        json_object_object_add(o, "supportedVersions", list);
        return o;
}

void cni_error_done(CniError *e) {
        free(e->message);
        free(e->details);
        *e = (CniError){};
}

char *cni_error_print(CniVersion v, const CniError *e) {
        _cleanup_json_ json_object *o = json_object_new_object();
        json_object_object_add(o, "cniVersion", json_object_new_string(version_names[v]));
        json_object_object_add(o, "code", json_object_new_int(e->code));
        json_object_object_add(o, "msg", json_object_new_string(e->message));
        if (!isempty(e->details))
                json_object_object_add(o, "details", json_object_new_string(e->details));
        return json_to_text(o, true);
}

int cni_error_parse(const char *text, size_t size, CniError *ret, char **ret_error) {
        _cleanup_json_context_ JsonContext c = {};
        const char *message = NULL, *details = NULL;
        int64_t code = 0;
        int r = json_context_parse(&c, "error of a plugin", text, size);
        if (r >= 0)
                r = json_expect(&c, c.root, json_type_object);
        if (r >= 0)
                r = json_get_int(&c, c.root, "code", JSON_REQUIRED, 0, INT32_MAX, &code);
        if (r >= 0)
                r = json_get_string(&c, c.root, "msg", JSON_REQUIRED, &message);
        if (r >= 0)
                r = json_get_string(&c, c.root, "details", JSON_OPTIONAL, &details);
        if (r < 0) {
                if (ret_error)
                        *ret_error = TAKE_PTR(c.error);
                return r;
        }
        *ret = (CniError){
                .code = code,
                .message = xstrdup(message),
                .details = isempty(details) ? NULL : xstrdup(details),
        };
        return 0;
}

void cni_dns_done(CniDns *d) {
        strv_free(d->nameservers);
        strv_free(d->search);
        strv_free(d->options);
        free(d->domain);
        *d = (CniDns){};
}

void cni_dns_copy(CniDns *to, const CniDns *from) {
        cni_dns_done(to);
        *to = (CniDns){
                .nameservers = from->nameservers ? strv_copy(from->nameservers) : NULL,
                .search = from->search ? strv_copy(from->search) : NULL,
                .options = from->options ? strv_copy(from->options) : NULL,
                .domain = xstrdup(from->domain),
        };
}

bool cni_dns_is_empty(const CniDns *d) {
        return !strv_length(d->nameservers) && !strv_length(d->search) && !strv_length(d->options) &&
               isempty(d->domain);
}

void cni_result_done(CniResult *r) {
        for (size_t i = 0; i < r->n_interfaces; i++) {
                CniInterface *f = &r->interfaces[i];
                free(f->name);
                free(f->mac);
                free(f->sandbox);
                free(f->socket_path);
                free(f->pci_id);
        }
        free(r->interfaces);
        free(r->ips);
        free(r->routes);
        cni_dns_done(&r->dns);
        *r = (CniResult){};
}

CniInterface *cni_result_add_interface(CniResult *r) {
        xgrow(&r->interfaces, r->n_interfaces);
        CniInterface *f = &r->interfaces[r->n_interfaces++];
        *f = (CniInterface){};
        return f;
}

CniAddress *cni_result_add_address(CniResult *r) {
        xgrow(&r->ips, r->n_ips);
        CniAddress *a = &r->ips[r->n_ips++];
        *a = (CniAddress){ .interface = -1 };
        return a;
}

CniRoute *cni_result_add_route(CniResult *r) {
        xgrow(&r->routes, r->n_routes);
        CniRoute *route = &r->routes[r->n_routes++];
        *route = (CniRoute){ .mtu = -1, .advmss = -1, .priority = -1, .table = -1, .scope = -1 };
        return route;
}
