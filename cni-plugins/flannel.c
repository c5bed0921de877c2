/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The network of flannel: what flanneld knows of the host becomes the configuration of another plugin, most
 * often bridge, which does the work. */

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "file.h"
#include "ipam-program.h"
#include "subnet-env.h"

#define SUBNET_ENV_MAX 65536
#define DELEGATE_MAX   (4 * 1024 * 1024)

typedef struct FlannelConfig {
        const char *subnet_file, *directory;
        json_object *delegate; /* or NULL */
} FlannelConfig;

static int read_config(CniCall *c, FlannelConfig *f) {
        *f = (FlannelConfig){ .subnet_file = "/run/flannel/subnet.env",
                .directory = "/var/lib/cni/flannel" };
        const CniField fields[] = {
                { "subnetFile", CNI_STRING, &f->subnet_file },
                { "dataDir", CNI_STRING, &f->directory },
        };
        int r = cni_call_read(c, fields, ELEMENTSOF(fields));
        if (r >= 0 && json_get_object(&c->conf, c->conf.root, "delegate", JSON_OPTIONAL, &f->delegate) < 0)
                r = cni_fail_config(c);
        return r;
}

static json_object *member(json_object *o, const char *key) {
        json_object *value = NULL;
        if (json_object_is_type(o, json_type_object))
                json_object_object_get_ex(o, key, &value);
        return value;
}

static int check_delegate(CniCall *c, const FlannelConfig *f) {
        static const char *const ours[] = { "name", "ipam" };
        json_object *type = member(f->delegate, "type");
        if (type && !json_object_is_type(type, json_type_string))
                return cni_fail(c, CNI_INTERNAL,
                                "'delegate' dictionary, if present, must have (string) 'type' field");
        for (size_t i = 0; i < ELEMENTSOF(ours); i++)
                if (member(f->delegate, ours[i]))
                        return cni_fail(c, CNI_INTERNAL,
                                        "'delegate' dictionary must not have '%s' field, it'll be set by "
                                        "flannel",
                                        ours[i]);
        return 0;
}

static int load_subnet_env(CniCall *c, const FlannelConfig *f, SubnetEnv *ret) {
        _cleanup_free_ char *text = NULL, *error = NULL;
        size_t size;
        int r = read_file_at(AT_FDCWD, f->subnet_file, SUBNET_ENV_MAX, &text, &size);
        if (r < 0)
                return cni_fail_errno(c, r, "loadFlannelSubnetEnv failed: cannot read %s", f->subnet_file);
        if (subnet_env_parse(text, ret, &error) < 0)
                return cni_fail(c, CNI_INTERNAL, "loadFlannelSubnetEnv failed: %s %s", f->subnet_file,
                                error);
        return 0;
}

static json_object *prefix_member(const char *key, const IpPrefix *p) {
        char text[IP_PREFIX_TEXT_MAX];
        json_object *o = json_object_new_object();
        json_object_object_add(o, key, json_object_new_string(ip_prefix_format(p, text)));
        return o;
}

/* Of its own part of the network the host gives addresses; all of it is reached through the host. */
static json_object *make_ipam(CniCall *c, const SubnetEnv *e) {
        json_object *ipam = NULL, *ranges = json_object_new_array(), *routes = json_object_new_array();
        json_object *given = member(c->conf.root, "ipam"); /* a template: its own routes and more */
        if (!json_object_is_type(given, json_type_object) || json_object_deep_copy(given, &ipam, NULL) < 0)
                ipam = json_object_new_object();
        const IpPrefix *pairs[][2] = { { &e->subnet4, &e->network4 }, { &e->subnet6, &e->network6 } };
        json_object *more = member(ipam, "routes");
        for (size_t i = 0; json_object_is_type(more, json_type_array) && i < json_object_array_length(more);
                        i++)
                json_object_array_add(routes, json_object_get(json_object_array_get_idx(more, i)));
        for (size_t i = 0; i < ELEMENTSOF(pairs); i++)
                if (pairs[i][0]->address.family) {
                        json_object *set = json_object_new_array();
                        json_object_array_add(set, prefix_member("subnet", pairs[i][0]));
                        json_object_array_add(ranges, set);
                        json_object_array_add(routes, prefix_member("dst", pairs[i][1]));
                }
        if (!member(ipam, "type"))
                json_object_object_add(ipam, "type", json_object_new_string("host-local"));
        json_object_object_add(ipam, "ranges", ranges);
        json_object_object_add(ipam, "routes", routes);
        return ipam;
}

static void set_default(json_object *o, const char *key, json_object *value) {
        if (member(o, key))
                json_object_put(value);
        else
                json_object_object_add(o, key, value);
}

static int make_delegate(CniCall *c, const FlannelConfig *f, const SubnetEnv *e, json_object **ret) {
        json_object *o = json_object_new_object(), *runtime = member(c->conf.root, "runtimeConfig");
        if (f->delegate) {
                json_object_put(o);
                o = NULL;
                if (json_object_deep_copy(f->delegate, &o, NULL) < 0)
                        return cni_fail(c, CNI_INTERNAL, "cannot copy delegate");
        }
        json_object_object_add(o, "name", json_object_new_string(c->network));
        json_object_object_add(o, "cniVersion", json_object_new_string(cni_version_name(c->version)));
        set_default(o, "type", json_object_new_string("bridge"));
        set_default(o, "ipMasq", json_object_new_boolean(!e->ip_masq)); /* unless flanneld does it */
        set_default(o, "mtu", json_object_new_int64(e->mtu));
        if (streq(json_object_get_string(member(o, "type")), "bridge"))
                set_default(o, "isGateway", json_object_new_boolean(true));
        if (runtime)
                json_object_object_add(o, "runtimeConfig", json_object_get(runtime));
        json_object_object_add(o, "ipam", make_ipam(c, e));
        *ret = o;
        return 0;
}

static int save(CniCall *c, const FlannelConfig *f, const char *text) {
        _cleanup_free_ char *path = xasprintf("%s/%s", f->directory, c->container_id);
        int r = mkdir_parents_at(AT_FDCWD, f->directory, 0700);
        if (r >= 0)
                r = replace_file_at(AT_FDCWD, path, text, strlen(text), 0600, false);
        return r < 0 ? cni_fail_errno(c, r, "cannot write %s", path) : 0;
}

static int add(CniCall *c, CniResult *result) {
        _cleanup_json_ json_object *delegate = NULL;
        _cleanup_free_ char *text = NULL, *output = NULL, *error = NULL;
        FlannelConfig config;
        SubnetEnv env;
        int r = read_config(c, &config);
        if (r >= 0)
                r = check_delegate(c, &config);
        if (r >= 0)
                r = load_subnet_env(c, &config, &env);
        if (r >= 0)
                r = make_delegate(c, &config, &env, &delegate);
        if (r < 0)
                return r;
        text = json_to_text(delegate, false);
        r = save(c, &config, text); /* for DEL, when flanneld may know better */
        if (r >= 0)
                r = ipam_program_output(
                                c, json_object_get_string(member(delegate, "type")), "ADD", text, &output);
        if (r >= 0 && cni_result_parse("delegate", output, strlen(output), c->version, result, &error) < 0)
                r = cni_fail(c, CNI_DECODING_FAILURE, "result of the delegate: %s", error);
        return r;
}

/* Runs the delegate as ADD has configured it; without a record of that there is nothing to do. */
static int run_delegate(CniCall *c, const char *path, const char *command) {
        _cleanup_json_context_ JsonContext j = {};
        _cleanup_free_ char *text = NULL, *changed = NULL, *output = NULL;
        json_object *previous = member(c->conf.root, "prevResult");
        const char *type = NULL;
        size_t size;
        int r = read_file_at(AT_FDCWD, path, DELEGATE_MAX, &text, &size);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return cni_fail_errno(c, r, "cannot read %s", path);
        r = json_context_parse(&j, path, text, size);
        if (r >= 0)
                r = json_get_string(&j, j.root, "type", JSON_REQUIRED, &type);
        if (r < 0)
                return cni_fail(c, CNI_DECODING_FAILURE, "failed to parse netconf: %s", j.error);
        if (previous)
                json_object_object_add(j.root, "prevResult", json_object_get(previous));
        changed = json_to_text(j.root, false);
        return ipam_program_output(c, type, command, changed, &output);
}

static int del(CniCall *c) {
        FlannelConfig config;
        int r = read_config(c, &config);
        if (r < 0)
                return r;
        _cleanup_free_ char *path = xasprintf("%s/%s", config.directory, c->container_id);
        r = run_delegate(c, path, "DEL");
        if (r >= 0)
                unlink(path); /* kept after a failure, so that DEL can be tried again */
        return r;
}

static int check(CniCall *c) {
        FlannelConfig config;
        int r = read_config(c, &config);
        if (r < 0)
                return r;
        _cleanup_free_ char *path = xasprintf("%s/%s", config.directory, c->container_id);
        if (access(path, F_OK) < 0)
                return cni_fail_errno(c, errno, "cannot read %s", path);
        return run_delegate(c, path, "CHECK");
}

static int status(CniCall *c) {
        FlannelConfig config;
        SubnetEnv env;
        int r = read_config(c, &config);
        if (r >= 0 && load_subnet_env(c, &config, &env) < 0) {
                c->error.code = CNI_PLUGIN_NOT_AVAILABLE; /* flanneld has not come up yet */
                r = -EINVAL;
        }
        return r;
}

static const CniPlugin plugin = {
        .name = "flannel", .add = add, .del = del, .check = check, .status = status
};

int main(void) {
        return cni_plugin_main(&plugin);
}
