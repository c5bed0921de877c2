/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci-app.h"

#include "alloc.h"
#include "json-list.h"
#include "oci-to-appc.h"
#include "option.h"
#include "strv.h"
#include "types.h"

/* Docker's and conversion.md's order: the entry point with the command as its arguments. ENTRYPOINT [""] is
 * how an inherited one is taken away. */
static void map_command(const OciConfig *config, App *app) {
        if (config->entrypoint && config->entrypoint[0] && !(config->entrypoint[0][0] == 0))
                strv_extend(&app->exec, config->entrypoint);
        if (config->command)
                strv_extend(&app->exec, config->command);
}

/* Docker takes a relative one as below the root. */
static char *absolute(const char *path) {
        return path_is_absolute(path) ? xstrdup(path) : xasprintf("/%s", path);
}

static void map_user(const OciConfig *config, App *app) {
        if (!config->user)
                return;
        size_t n = strcspn(config->user, ":");
        const char *group = config->user[n] ? config->user + n + 1 : "";
        if (n > 0) {
                free(app->user);
                app->user = xstrndup(config->user, n);
        }
        if (n > 0 && !*group)
                name_values_set(&app->user_annotations, APP_OWN_GROUPS_ANNOTATION, app->user);
        free(app->group);
        app->group = xstrdup(*group ? group : app->user);
}

/* The name of an entry that was left out may be anything: of a variable, the value may be a secret. */
static void map_environment(const OciConfig *config, App *app, char ***warnings) {
        STRV_FOREACH (entry, config->environment) {
                _cleanup_free_ char *name = NULL, *value = NULL;
                if (name_value_split(*entry, &name, &value) < 0)
                        strv_push(warnings, xasprintf("the environment entry \"%s\" is not of the form "
                                                      "NAME=VALUE, and is left out",
                                                            *entry));
                else if (!environment_name_is_valid(name))
                        strv_push(warnings,
                                        xasprintf("the environment variable \"%s\" is left out: its name "
                                                  "is not " ENVIRONMENT_NAME_FORM,
                                                        name));
                else
                        name_values_set(&app->environment, name, value);
        }
}

/* volume-PATH, with -2, -3, … for paths that sanitize to the same. */
static char *mount_point_name(const App *app, const char *path) {
        _cleanup_free_ char *sanitized = ac_name_sanitize(path);
        _cleanup_free_ char *base = xasprintf("volume-%s", sanitized ?: "root");
        char *name = xstrdup(base);
        for (size_t i = 2; app_find_mount_point(app, name); i++) {
                free(name);
                name = xasprintf("%s-%zu", base, i);
        }
        return name;
}

static void map_volumes(const OciConfig *config, App *app, char ***warnings) {
        STRV_FOREACH (volume, config->volumes) {
                _cleanup_free_ char *path = absolute(*volume);
                if (path[strspn(path, "/.")] == 0) {
                        strv_push(warnings, xasprintf("volume \"%s\" is the root itself, and is left out",
                                                            *volume));
                        continue;
                }
                char *name = mount_point_name(app, path);
                MountPoint *m = items_append(&app->mount_points, &app->n_mount_points);
                m->name = name;
                m->path = TAKE_PTR(path);
        }
}

/* FIRST[-LAST][/PROTOCOL] */
static bool parse_port(const char *s, Port *ret) {
        _cleanup_strv_ char **parts = strv_split(s, '/');
        if (strv_length(parts) > 2)
                return false;
        _cleanup_strv_ char **ends = strv_split(parts[0], '-');
        uint64_t first, last;
        if (strv_length(ends) > 2 || parse_uint(ends[0], UINT16_MAX, &first) < 0 ||
                        parse_uint(ends[1] ?: ends[0], UINT16_MAX, &last) < 0 || first == 0 || last < first)
                return false;
        const char *protocol = parts[1] ?: "tcp";
        if (!streq(protocol, "tcp") && !streq(protocol, "udp") && !streq(protocol, "sctp"))
                return false;
        *ret = (Port){ .name = xasprintf("%s-%s", parts[0], protocol),
                .protocol = xstrdup(protocol),
                .port = (uint16_t) first,
                .count = (uint32_t) (last - first + 1) };
        return true;
}

static void map_ports(const OciConfig *config, App *app, char ***warnings) {
        STRV_FOREACH (exposed, config->exposed_ports) {
                Port port;
                if (!parse_port(*exposed, &port))
                        strv_push(warnings, xasprintf("port \"%s\" is left out: expected "
                                                      "PORT[-PORT][/tcp|udp|sctp]",
                                                            *exposed));
                else if (app_find_port(app, port.name))
                        port_done(&port);
                else
                        *items_append(&app->ports, &app->n_ports) = port;
        }
}

App *oci_app_new(const OciConfig *config, char ***warnings) {
        App *app = app_new("0", "0");
        map_command(config, app);
        map_user(config, app);
        if (config->working_directory)
                app->working_directory = absolute(config->working_directory);
        map_environment(config, app, warnings);
        map_volumes(config, app, warnings);
        map_ports(config, app, warnings);
        name_values_copy(&app->user_labels, &config->labels);
        return app;
}
