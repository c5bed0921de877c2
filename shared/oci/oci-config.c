/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci-config.h"

#include <errno.h>

#include "alloc.h"
#include "oci-digest.h"
#include "oci-document.h"
#include "strv.h"

void oci_config_free(OciConfig *c) {
        if (!c)
                return;
        char *const strings[] = { c->os, c->arch, c->variant, c->created, c->author, c->comment, c->user,
                c->working_directory, c->stop_signal };
        for (size_t i = 0; i < ELEMENTSOF(strings); i++)
                free(strings[i]);
        char **const lists[] = { c->environment, c->entrypoint, c->command, c->exposed_ports, c->volumes,
                c->diff_ids, c->shell, c->health.test };
        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                strv_free(lists[i]);
        name_values_clear(&c->labels);
        free(c);
}

/* A set, written as an object with an empty object for each of its strings. */
static int get_set(JsonContext *c, json_object *o, const char *key, char ***ret) {
        json_object *set;
        int r = json_get_object(c, o, key, JSON_OPTIONAL, &set);
        if (r < 0 || !set)
                return r;
        if (json_object_object_length(set) > OCI_PORTS_MAX)
                return json_fail_member(c, key, "%d are too many: expected at most %d",
                                json_object_object_length(set), OCI_PORTS_MAX);
        struct json_object_iterator i = json_object_iter_begin(set), end = json_object_iter_end(set);
        for (; !json_object_iter_equal(&i, &end); json_object_iter_next(&i))
                strv_add(ret, json_object_iter_peek_name(&i));
        return 0;
}

static int parse_health(JsonContext *c, json_object *config, OciHealth *h) {
        json_object *o;
        int r = json_get_object(c, config, "Healthcheck", JSON_OPTIONAL, &o);
        if (r < 0 || !o)
                return r;
        const struct {
                const char *key;
                int64_t *number;
        } numbers[] = {
                { "Interval", &h->interval },
                { "Timeout", &h->timeout },
                { "StartPeriod", &h->start_period },
                { "StartInterval", &h->start_interval },
                { "Retries", &h->retries },
        };
        size_t mark = json_enter(c, "Healthcheck");
        r = json_get_strv(c, o, "Test", JSON_OPTIONAL, &h->test);
        for (size_t i = 0; i < ELEMENTSOF(numbers) && r >= 0; i++)
                r = json_get_int(c, o, numbers[i].key, JSON_OPTIONAL, 0, INT64_MAX, numbers[i].number);
        json_leave(c, mark);
        return r;
}

static int parse_execution(JsonContext *c, json_object *root, OciConfig *config) {
        json_object *o;
        int r = json_get_object(c, root, "config", JSON_OPTIONAL, &o);
        if (r < 0 || !o)
                return r;
        size_t mark = json_enter(c, "config");
        if (oci_get_string(c, o, "User", JSON_OPTIONAL, &config->user) < 0 ||
                        oci_get_string(c, o, "WorkingDir", JSON_OPTIONAL, &config->working_directory) < 0 ||
                        oci_get_string(c, o, "StopSignal", JSON_OPTIONAL, &config->stop_signal) < 0 ||
                        json_get_strv(c, o, "Env", JSON_OPTIONAL, &config->environment) < 0 ||
                        json_get_strv(c, o, "Entrypoint", JSON_OPTIONAL, &config->entrypoint) < 0 ||
                        json_get_strv(c, o, "Cmd", JSON_OPTIONAL, &config->command) < 0 ||
                        get_set(c, o, "ExposedPorts", &config->exposed_ports) < 0 ||
                        get_set(c, o, "Volumes", &config->volumes) < 0 ||
                        string_map_parse(c, o, "Labels", &config->labels) < 0 ||
                        json_get_strv(c, o, "Shell", JSON_OPTIONAL, &config->shell) < 0 ||
                        parse_health(c, o, &config->health) < 0)
                r = -EINVAL;
        if (r >= 0 && strv_length(config->environment) > OCI_ENVIRONMENT_MAX)
                r = json_fail_member(c, "Env", "%zu variables are too many: expected at most %d",
                                strv_length(config->environment), OCI_ENVIRONMENT_MAX);
        json_leave(c, mark);
        return r;
}

static int check_diff_ids(JsonContext *c, const OciConfig *config) {
        size_t mark = json_enter(c, "diff_ids");
        int r = 0;
        if (config->n_diff_ids > OCI_LAYERS_MAX)
                r = json_fail(c, "%zu layers are too many: expected at most %d", config->n_diff_ids,
                                OCI_LAYERS_MAX);
        for (size_t i = 0; r >= 0 && i < config->n_diff_ids; i++) {
                size_t inner = json_enter_index(c, i);
                const char *problem = oci_digest_problem(config->diff_ids[i]);
                if (problem)
                        r = json_fail(c, "\"%s\" %s", config->diff_ids[i], problem);
                json_leave(c, inner);
        }
        json_leave(c, mark);
        return r;
}

static int parse_root_file_system(JsonContext *c, json_object *root, OciConfig *config) {
        json_object *o;
        const char *type;
        if (json_get_object(c, root, "rootfs", JSON_REQUIRED, &o) < 0)
                return -EINVAL;
        size_t mark = json_enter(c, "rootfs");
        int r = json_get_string(c, o, "type", JSON_REQUIRED, &type);
        if (r >= 0 && !streq(type, "layers"))
                r = json_fail_member(c, "type", "\"%s\" is not known: expected \"layers\"", type);
        if (r >= 0)
                r = json_get_strv(c, o, "diff_ids", JSON_OPTIONAL, &config->diff_ids);
        if (!config->diff_ids) /* null, as Go writes the list of an image without layers */
                config->diff_ids = strv_copy(NULL);
        config->n_diff_ids = strv_length(config->diff_ids);
        if (r >= 0)
                r = check_diff_ids(c, config);
        json_leave(c, mark);
        return r;
}

static int parse_config(JsonContext *c, json_object *o, void *ret) {
        _cleanup_oci_config_ OciConfig *config = xnew(OciConfig, 1);
        if (oci_get_string(c, o, "os", JSON_REQUIRED, &config->os) < 0 ||
                        oci_get_string(c, o, "architecture", JSON_REQUIRED, &config->arch) < 0 ||
                        oci_get_string(c, o, "variant", JSON_OPTIONAL, &config->variant) < 0 ||
                        oci_get_string(c, o, "created", JSON_OPTIONAL, &config->created) < 0 ||
                        oci_get_string(c, o, "author", JSON_OPTIONAL, &config->author) < 0 ||
                        oci_get_string(c, o, "comment", JSON_OPTIONAL, &config->comment) < 0 ||
                        parse_execution(c, o, config) < 0 || parse_root_file_system(c, o, config) < 0)
                return -EINVAL;
        *(OciConfig **) ret = TAKE_PTR(config);
        return 0;
}

int oci_config_parse(const char *name, const char *text, size_t size, OciConfig **ret, char **ret_error) {
        return oci_document_parse(name, text, size, json_type_object, parse_config, ret, ret_error);
}
