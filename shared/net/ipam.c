/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipam.h"

#include <errno.h>

#include "ipam-program.h"

int ipam_type(CniCall *c, const char **ret) {
        json_object *ipam = NULL;
        const char *type = NULL;
        int r = json_get_object(&c->conf, c->conf.root, "ipam", JSON_OPTIONAL, &ipam);
        if (r >= 0 && ipam) {
                size_t mark = json_enter(&c->conf, "ipam");
                r = json_get_string(&c->conf, ipam, "type", JSON_OPTIONAL, &type);
                json_leave(&c->conf, mark);
        }
        if (r < 0)
                return cni_fail_config(c);
        *ret = isempty(type) ? NULL : type;
        return 0;
}

static const CniPlugin *find_here(const char *type) {
        static const CniPlugin *const here[] = { &ipam_host_local, &ipam_static };
        for (size_t i = 0; i < ELEMENTSOF(here); i++)
                if (streq(type, here[i]->name))
                        return here[i];
        return NULL;
}

int ipam_add(CniCall *c, CniResult *result) {
        const char *type;
        int r = ipam_type(c, &type);
        if (r < 0)
                return r;
        if (!type)
                return cni_fail(c, CNI_INTERNAL, "no IPAM type is configured");
        const CniPlugin *here = find_here(type);
        r = here ? here->add(c, result) : ipam_program_add(c, type, result);
        if (r >= 0 && result->n_ips == 0)
                r = cni_fail(c, CNI_INTERNAL, "IPAM plugin returned missing IP config");
        return r;
}

typedef struct Operation {
        const char *command;
        size_t callback; /* offset in CniPlugin */
} Operation;

static int operate(CniCall *c, const Operation *o) {
        const char *type;
        int r = ipam_type(c, &type);
        if (r < 0 || !type)
                return r;
        const CniPlugin *here = find_here(type);
        if (!here)
                return ipam_program_run(c, type, o->command);
        int (*callback)(CniCall *) = *(int (*const *)(CniCall *))((const char *) here + o->callback);
        return callback ? callback(c) : 0;
}

int ipam_del(CniCall *c) {
        return operate(c, &(Operation){ "DEL", offsetof(CniPlugin, del) });
}

bool ipam_goes_first(CniCall *c) {
        const char *type;
        return ipam_type(c, &type) >= 0 && type && streq(type, "dhcp");
}

int ipam_check(CniCall *c) {
        return operate(c, &(Operation){ "CHECK", offsetof(CniPlugin, check) });
}

int ipam_status(CniCall *c) {
        return operate(c, &(Operation){ "STATUS", offsetof(CniPlugin, status) });
}

int ipam_gc(CniCall *c) {
        return operate(c, &(Operation){ "GC", offsetof(CniPlugin, gc) });
}
