/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <time.h>

#include "alloc.h"
#include "build-config.h"
#include "duration.h"
#include "globals.h"
#include "info.h"
#include "json.h"
#include "log.h"
#include "output-format.h"
#include "process.h"
#include "strv.h"
#include "table.h"

static bool full, no_legend;
static OutputFormat format;

static const Option options[] = {
        { "format", OPTION_CALL, &format, "output as json or json-pretty; without it as a table",
                        .call = output_format_parse, .shown_default = "json|json-pretty" },
        { "full", OPTION_BOOL, &full, "use long output format" },
        { "no-legend", OPTION_BOOL, &no_legend, "suppress a legend with the list" },
        {},
};

static const Command command = {
        .name = "list",
        .usage = "[--full] [--no-legend] [--format=json|json-pretty]",
        .summary = "List pods",
        .options = options,
        .global_options = global_options,
};

typedef struct Listing {
        PodInfo *pods;
        bool health; /* of some app something is known */
        size_t n;
        char **errors;
} Listing;

/* Beside the manifest, which is all that else is read of a pod here; only a few have it. */
static void read_health(Listing *l, const Pod *p, PodInfo *i) {
        if (!full || p->state != POD_RUNNING || faccessat(p->fd, "stage1/rootfs/" HEALTH_DIR, F_OK, 0) < 0)
                return;
        for (size_t n = 0; n < i->n_apps; n++) {
                AppInfo *a = &i->apps[n];
                _cleanup_free_ char *ended = xasprintf("stage1/rootfs/rkt/status/%s", a->app->name);
                if (faccessat(p->fd, ended, F_OK, 0) < 0)
                        l->health |= a->has_health = pod_app_health(p, a->app->name, &a->health);
        }
}

/* The pod is only borrowed here: what is printed of it later is in the copy. */
static int read_pod(Pod *p, void *userdata) {
        Listing *l = userdata;
        _cleanup_free_ char *error = NULL;
        PodInfo info;
        if (pod_info_read(p, format == OUTPUT_TEXT ? POD_INFO_BRIEF : POD_INFO_FULL, &info, &error) < 0) {
                strv_push(&l->errors, xasprintf("pod %s: %s", p->uuid, error));
                return 0;
        }
        if (format == OUTPUT_TEXT)
                read_health(l, p, &info);
        Pod *copy = xnew(Pod, 1);
        *copy = *p;
        info.pod = copy;
        xgrow(&l->pods, l->n);
        l->pods[l->n++] = info;
        return 0;
}

static int compare_pods(const void *a, const void *b) {
        return strcmp(((const PodInfo *) a)->pod->uuid, ((const PodInfo *) b)->pod->uuid);
}

/* A pod that moved while it was listed may have been seen at both places: the later one is right. */
static void sort_and_fold(Listing *l) {
        size_t kept = 0;
        if (l->n > 0)
                qsort(l->pods, l->n, sizeof(PodInfo), compare_pods);
        for (size_t i = 0; i < l->n; i++) {
                if (kept > 0 && streq(l->pods[kept - 1].pod->uuid, l->pods[i].pod->uuid)) {
                        free((Pod *) l->pods[i].pod);
                        pod_info_done(&l->pods[i]);
                        continue;
                }
                l->pods[kept++] = l->pods[i];
        }
        l->n = kept;
}

static void legend(Table *t, bool health) {
        static const char *const names[] = { "UUID", "APP", "IMAGE NAME", "IMAGE ID", "STATE", "CREATED",
                "STARTED", "NETWORKS" };
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (full || !streq(names[i], "IMAGE ID"))
                        table_cell(t, names[i]);
        if (health)
                table_cell(t, "HEALTH");
        table_end_row(t);
}

static void time_cell(Table *t, int64_t ns) {
        _cleanup_free_ char *text = NULL;
        if (ns != 0)
                text = full ? time_absolute(ns) : time_ago(ns / (int64_t) NSEC_PER_SEC, time(NULL));
        table_cell(t, text);
}

static void image_cells(Table *t, const RuntimeApp *a) {
        const char *version = name_values_get(&a->image.labels, "version");
        table_cellf(t, "%s%s%s", a->image.name ?: "", version ? ":" : "", version ?: "");
        if (full)
                table_cellf(t, "%.19s", a->image.id);
}

static void pod_rows(Table *t, const PodInfo *i, bool health) {
        for (size_t n = 0; n < MAX(i->n_apps, 1u); n++) {
                if (n == 0)
                        table_cellf(t, "%.*s", full ? UUID_STRING_SIZE : 8, i->pod->uuid);
                else
                        table_cell(t, "");
                table_cell(t, i->n_apps ? i->apps[n].app->name : "-");
                if (i->n_apps) {
                        image_cells(t, i->apps[n].app);
                } else {
                        table_cell(t, "-");
                        if (full)
                                table_cell(t, "-");
                }
                if (n == 0) {
                        _cleanup_free_ char *networks = pod_info_networks(i);
                        table_cell(t, pod_state_name(i->pod->state));
                        time_cell(t, i->created_at);
                        time_cell(t, i->started_at);
                        table_cell(t, networks);
                } else {
                        for (int blank = 0; blank < 4; blank++)
                                table_cell(t, "");
                }
                if (health)
                        table_cell(t, n < i->n_apps && i->apps[n].has_health
                                                        ? health_status_name(i->apps[n].health.status)
                                                        : "");
                table_end_row(t);
        }
}

static int print_table(const Listing *l) {
        _cleanup_table_ Table *t = table_new();
        if (!no_legend)
                legend(t, l->health);
        for (size_t i = 0; i < l->n; i++)
                pod_rows(t, &l->pods[i], l->health);
        table_print(t, stdout);
        return process_flush();
}

static int print_json(const Listing *l) {
        _cleanup_json_ json_object *array = json_object_new_array();
        for (size_t i = 0; i < l->n; i++)
                json_object_array_add(array, pod_info_to_json(&l->pods[i]));
        return output_format_print(format, array);
}

static void print_errors(const Listing *l) {
        if (!l->errors)
                return;
        log_error("%zu error(s) encountered when listing pods:", strv_length(l->errors));
        STRV_FOREACH (e, l->errors)
                log_error("%s", *e);
        log_error("misc: rkt's appc version: %s", APPC_VERSION);
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        Listing l = {};
        int r = globals_command(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (strv_length(arguments) > 0) {
                log_error("list takes no arguments");
                return EXIT_RKT_FAILURE;
        }
        if (pods_foreach(globals.dir, POD_PLACES_NAMED, read_pod, &l) < 0)
                return EXIT_RKT_FAILURE;
        sort_and_fold(&l);
        r = format == OUTPUT_TEXT ? print_table(&l) : print_json(&l);
        print_errors(&l);
        for (size_t i = 0; i < l.n; i++) {
                free((Pod *) l.pods[i].pod);
                pod_info_done(&l.pods[i]);
        }
        free(l.pods);
        strv_free(l.errors);
        return r < 0 ? EXIT_RKT_FAILURE : 0;
}
