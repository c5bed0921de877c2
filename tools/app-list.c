/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "rkt app list" and "rkt app status". */

#include <errno.h>

#include "alloc.h"
#include "app-commands.h"
#include "duration.h"
#include "globals.h"
#include "info.h"
#include "log.h"
#include "output-format.h"
#include "process.h"
#include "strv.h"
#include "table.h"

static bool no_legend;
static char *app_name;
static OutputFormat format;

#define FORMAT_OPTION                                                                                       \
        {                                                                                                   \
                "format", OPTION_CALL, &format, "output as json or json-pretty",                            \
                                .call = output_format_parse, .shown_default = "json|json-pretty"            \
        }

static const Option list_options[] = {
        FORMAT_OPTION,
        { "no-legend", OPTION_BOOL, &no_legend, "suppress a legend with the list" },
        {},
};

static const Option status_options[] = {
        { "app", OPTION_STRING, &app_name, "name of the app", .shown_default = "NAME" },
        FORMAT_OPTION,
        {},
};

/* 1 when help was printed. */
static int read_pod(const Command *c, int argc, char **argv, Pod **ret_pod, PodInfo *ret) {
        _cleanup_strv_ char **arguments = NULL;
        _cleanup_free_ char *error = NULL;
        int r = globals_command(c, argc, argv, &arguments);
        if (r != 0)
                return r;
        if (strv_length(arguments) != 1) {
                log_error("expected the UUID of a pod");
                return -EINVAL;
        }
        r = pod_find(globals.dir, arguments[0], ret_pod);
        if (r < 0)
                return r;
        r = pod_info_read(*ret_pod, POD_INFO_FULL, ret, &error);
        if (r < 0)
                log_error("pod %s: %s", (*ret_pod)->uuid, error);
        return r;
}

static int print_list(const PodInfo *i) {
        _cleanup_table_ Table *t = table_new();
        if (!no_legend) {
                table_cell(t, "NAME");
                table_cell(t, "STATE");
                table_end_row(t);
        }
        for (size_t n = 0; n < i->n_apps; n++) {
                table_cell(t, i->apps[n].app->name);
                table_cell(t, app_state_name(i->apps[n].state));
                table_end_row(t);
        }
        table_print(t, stdout);
        return process_flush();
}

static int print_list_json(const PodInfo *i) {
        _cleanup_json_ json_object *array = json_object_new_array();
        for (size_t n = 0; n < i->n_apps; n++)
                json_object_array_add(array, app_info_to_json(i, &i->apps[n]));
        return output_format_print(format, array);
}

int app_list(int argc, char **argv) {
        static const Command command = {
                .name = "app list",
                .usage = "[--no-legend] [--format=json|json-pretty] UUID",
                .summary = "List the apps of a pod",
                .options = list_options,
                .global_options = global_options,
        };
        _cleanup_pod_ Pod *pod = NULL;
        _cleanup_pod_info_ PodInfo info = {};
        int r = read_pod(&command, argc, argv, &pod, &info);
        if (r == 0)
                r = format == OUTPUT_TEXT ? print_list(&info) : print_list_json(&info);
        return r < 0 ? EXIT_RKT_FAILURE : 0;
}

static const char *member(json_object *o, const char *key) {
        json_object *value = NULL;
        return json_object_object_get_ex(o, key, &value) ? json_object_get_string(value) : "";
}

static void print_time(const char *name, int64_t ns) {
        _cleanup_free_ char *text = ns ? time_absolute(ns) : NULL;
        if (text)
                printf("%s=%s\n", name, text);
}

static void print_mounts(json_object *app) {
        json_object *mounts = NULL;
        if (!json_object_object_get_ex(app, "mounts", &mounts))
                return;
        for (size_t i = 0; i < json_object_array_length(mounts); i++) {
                json_object *m = json_object_array_get_idx(mounts, i);
                printf("%s%s:%s:(read_only:%s)", i ? "," : "mounts=", member(m, "host_path"),
                                member(m, "container_path"), member(m, "read_only"));
        }
        putchar('\n');
}

static void print_pairs(const char *name, const NameValueList *l) {
        for (size_t i = 0; i < l->n; i++)
                printf("%s%s:%s", i ? "," : name, l->items[i].name, l->items[i].value);
        if (l->n > 0)
                putchar('\n');
}

static int print_status(const PodInfo *i, const AppInfo *a) {
        _cleanup_json_ json_object *o = app_info_to_json(i, a);
        if (format != OUTPUT_TEXT)
                return output_format_print(format, o);
        printf("name=%s\nstate=%s\nimage_id=%s\n", a->app->name, app_state_name(a->state), a->app->image.id);
        print_time("created_at", a->created_at);
        print_time("started_at", a->started_at);
        print_time("finished_at", a->finished_at);
        if (a->has_exit_code)
                printf("exit_code=%d\n", a->exit_code);
        print_mounts(o);
        if (a->app->app) {
                print_pairs("user_annotations=", &a->app->app->user_annotations);
                print_pairs("user_labels=", &a->app->app->user_labels);
        }
        return process_flush();
}

static int find_and_print(const PodInfo *i) {
        if (isempty(app_name)) {
                log_error("name the app with --app=NAME");
                return -EINVAL;
        }
        for (size_t n = 0; n < i->n_apps; n++)
                if (streq(i->apps[n].app->name, app_name))
                        return print_status(i, &i->apps[n]);
        log_error("pod %s has no app \"%s\"", i->pod->uuid, app_name);
        return -ENOENT;
}

int app_status(int argc, char **argv) {
        static const Command command = {
                .name = "app status",
                .usage = "UUID --app=NAME [--format=json|json-pretty]",
                .summary = "Print the status of an app",
                .options = status_options,
                .global_options = global_options,
        };
        _cleanup_pod_ Pod *pod = NULL;
        _cleanup_pod_info_ PodInfo info = {};
        int r = read_pod(&command, argc, argv, &pod, &info);
        if (r == 0)
                r = find_and_print(&info);
        return r < 0 ? EXIT_RKT_FAILURE : 0;
}
