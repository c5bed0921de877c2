/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dhcp-request.h"

#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "strv.h"

static void add(json_object *o, const char *key, const char *value) {
        if (value)
                json_object_object_add(o, key, json_object_new_string(value));
}

json_object *dhcp_request_to_json(const CniCall *c, const char *command) {
        _cleanup_free_ char *args = strv_join(c->args, ";");
        json_object *o = json_object_new_object();
        add(o, "command", command);
        add(o, "containerID", c->container_id);
        add(o, "netns", c->netns);
        add(o, "ifName", c->ifname);
        add(o, "args", args);
        json_object_object_add(o, "config", json_object_new_string_len(c->conf.text, c->conf.size));
        return o;
}

/* As text, so that messages say where in it. */
static int read_config(DhcpRequest *r, const char *text) {
        CniCall *c = &r->call;
        if (json_context_parse(&c->conf, "configuration", text, strlen(text)) < 0 ||
                        json_expect(&c->conf, c->conf.root, json_type_object) < 0 ||
                        json_get_string(&c->conf, c->conf.root, "name", JSON_REQUIRED, &c->network) < 0)
                return json_fail(&r->json, "%s", c->conf.error);
        return 0;
}

static int read_request(DhcpRequest *r) {
        JsonContext *j = &r->json;
        CniCall *c = &r->call;
        const char *args = NULL, *config = NULL;
        int k;
        if ((k = json_expect(j, j->root, json_type_object)) < 0 ||
                        (k = json_get_string(j, j->root, "command", JSON_REQUIRED, &r->command)) < 0 ||
                        (k = json_get_string(j, j->root, "containerID", JSON_OPTIONAL, &c->container_id)) <
                                        0 ||
                        (k = json_get_string(j, j->root, "netns", JSON_OPTIONAL, &c->netns)) < 0 ||
                        (k = json_get_string(j, j->root, "ifName", JSON_OPTIONAL, &c->ifname)) < 0 ||
                        (k = json_get_string(j, j->root, "args", JSON_OPTIONAL, &args)) < 0 ||
                        (k = json_get_string(j, j->root, "config", JSON_REQUIRED, &config)) < 0)
                return k;
        if (!streq(r->command, "GC") && (!c->container_id || !c->ifname))
                return json_fail(j, "expected containerID and ifName");
        c->args = args ? strv_split(args, ';') : NULL;
        return read_config(r, config);
}

int dhcp_request_parse(char *text, size_t size, DhcpRequest *ret, char **ret_error) {
        *ret = (DhcpRequest){ .text = text, .call = { .version = CNI_1_1_0 } };
        int r = json_context_parse(&ret->json, "request", text, size);
        if (r >= 0)
                r = read_request(ret);
        if (r < 0)
                *ret_error = xstrdup(ret->json.error);
        return r;
}

void dhcp_request_done(DhcpRequest *r) {
        json_context_done(&r->call.conf);
        cni_error_done(&r->call.error);
        strv_free(r->call.args);
        json_context_done(&r->json);
        free(r->text);
        *r = (DhcpRequest){};
}
