/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "alloc.h"
#include "duration.h"
#include "globals.h"
#include "json.h"
#include "log.h"
#include "output-format.h"
#include "process.h"
#include "strv.h"
#include "table.h"
#include "top.h"

#define CLEAR_SCREEN "\033[H\033[2J\033[3J"

typedef enum SortBy {
        SORT_CPU,
        SORT_MEMORY,
        SORT_UUID,
} SortBy;

static OutputFormat format;
static bool by_app, no_legend;
static int64_t interval_ns = (int64_t) NSEC_PER_SEC;
static int64_t rounds = -1; /* 0: until interrupted */
static SortBy sort_by;

static int set_sort(const char *value, _unused_ void *userdata) {
        static const char *const names[] = {
                [SORT_CPU] = "cpu", [SORT_MEMORY] = "memory", [SORT_UUID] = "uuid"
        };
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(names[i], value)) {
                        sort_by = (SortBy) i;
                        return 0;
                }
        log_error("--sort=%s: expected cpu, memory or uuid", value);
        return -EINVAL;
}

static int set_count(const char *value, _unused_ void *userdata) {
        if (parse_int(value, 0, INT32_MAX, &rounds) >= 0)
                return 0;
        log_error("--count=%s: expected a number", value);
        return -EINVAL;
}

static const Option options[] = {
        { "apps", OPTION_BOOL, &by_app, "a line for each app instead of each pod" },
        { "count", OPTION_CALL, NULL,
                        "how often to print, 0: until interrupted (default: 0 on a terminal, else 1)",
                        .call = set_count },
        { "format", OPTION_CALL, &format, "output as json or json-pretty; without it as a table",
                        .call = output_format_parse, .shown_default = "json|json-pretty" },
        { "interval", OPTION_DURATION, &interval_ns,
                        "time between two looks; 0: one look, which tells nothing of the use of processors",
                        .shown_default = "1s" },
        { "no-legend", OPTION_BOOL, &no_legend, "suppress a legend with the list" },
        { "sort", OPTION_CALL, NULL, "order: cpu, memory or uuid", .call = set_sort,
                        .shown_default = "cpu" },
        {},
};

static const Command command = {
        .name = "top",
        .usage = "[--apps] [--interval=DURATION] [--count=N] [--sort=cpu|memory|uuid] "
                 "[--format=json|json-pretty] [UUID...]",
        .summary = "Tell what running pods use of the host",
        .options = options,
        .global_options = global_options,
};

static int compare_uuid(const void *a, const void *b) {
        const TopRow *x = a, *y = b;
        int r = strcmp(x->uuid, y->uuid);
        return r != 0 ? r : strcmp(x->app ?: "", y->app ?: "");
}

/* The largest first. */
static int compare_rows(const void *a, const void *b) {
        const TopRow *x = a, *y = b;
        if (sort_by == SORT_CPU && x->cpu_percent != y->cpu_percent)
                return x->cpu_percent < y->cpu_percent ? 1 : -1;
        if (sort_by == SORT_MEMORY && x->usage.memory != y->usage.memory)
                return x->usage.memory < y->usage.memory ? 1 : -1;
        return compare_uuid(a, b);
}

static void bytes_cell(Table *t, int64_t bytes) {
        static const char units[] = "BKMGT";
        double n = (double) bytes;
        size_t unit = 0;
        if (bytes < 0) {
                table_cell(t, "-");
                return;
        }
        for (; n >= 1024 && unit + 2 < sizeof(units); unit++)
                n /= 1024;
        table_cellf(t, unit > 0 && n < 10 ? "%.1f%c" : "%.0f%c", n, units[unit]);
}

static void percent_cell(Table *t, double percent) {
        if (percent < 0)
                table_cell(t, "-");
        else
                table_cellf(t, "%.1f", percent);
}

static void row_cells(Table *t, const TopRow *row) {
        const CgroupUsage *u = &row->usage;
        table_cellf(t, "%.8s", row->uuid);
        if (by_app)
                table_cell(t, row->app);
        percent_cell(t, row->cpu_percent);
        if (u->cpu_usec < 0)
                table_cell(t, "-");
        else
                table_cellf(t, "%.2fs", (double) u->cpu_usec / 1e6);
        bytes_cell(t, u->memory);
        table_cellf(t, "%" PRId64, u->tasks);
        bytes_cell(t, u->io_read);
        bytes_cell(t, u->io_written);
        percent_cell(t, u->pressure_cpu);
        percent_cell(t, u->pressure_memory);
        percent_cell(t, u->pressure_io);
        table_end_row(t);
}

static void print_table(const TopSample *s, bool screen) {
        static const char *const names[] = { "UUID", "APP", "%CPU", "TIME", "MEMORY", "TASKS", "READ",
                "WRITTEN", "%WAIT-CPU", "%WAIT-MEM", "%WAIT-IO" };
        _cleanup_table_ Table *t = table_new();
        for (size_t i = 0; i < ELEMENTSOF(names) && !no_legend; i++)
                if (by_app || i != 1)
                        table_cell(t, names[i]);
        if (!no_legend)
                table_end_row(t);
        for (size_t i = 0; i < s->n; i++)
                if (by_app == (s->rows[i].app != NULL))
                        row_cells(t, &s->rows[i]);
        if (screen)
                fputs(CLEAR_SCREEN, stdout);
        table_print(t, stdout);
}

static void add_number(json_object *o, const char *name, int64_t n) {
        if (n >= 0)
                json_object_object_add(o, name, json_object_new_int64(n));
}

static void add_percent(json_object *o, const char *name, double percent) {
        if (percent >= 0) {
                _cleanup_free_ char *text = xasprintf("%.2f", percent);
                json_object_object_add(o, name, json_object_new_double_s(percent, text));
        }
}

static json_object *row_to_json(const TopRow *row) {
        const CgroupUsage *u = &row->usage;
        json_object *o = json_object_new_object();
        json_object_object_add(o, "name", json_object_new_string(row->app ?: row->uuid));
        add_percent(o, "cpu_percent", row->cpu_percent);
        add_number(o, "cpu_usec", u->cpu_usec);
        add_number(o, "memory_bytes", u->memory);
        add_number(o, "tasks", u->tasks);
        add_number(o, "read_bytes", u->io_read);
        add_number(o, "written_bytes", u->io_written);
        add_percent(o, "pressure_cpu", u->pressure_cpu);
        add_percent(o, "pressure_memory", u->pressure_memory);
        add_percent(o, "pressure_io", u->pressure_io);
        return o;
}

/* Pods in the order of the rows, and each with its apps. */
static int print_json(const TopSample *s) {
        _cleanup_json_ json_object *array = json_object_new_array();
        for (size_t i = 0; i < s->n; i++) {
                if (s->rows[i].app)
                        continue;
                json_object *pod = row_to_json(&s->rows[i]), *apps = json_object_new_array();
                for (size_t k = 0; k < s->n; k++)
                        if (s->rows[k].app && streq(s->rows[k].uuid, s->rows[i].uuid))
                                json_object_array_add(apps, row_to_json(&s->rows[k]));
                json_object_object_add(pod, "apps", apps);
                json_object_array_add(array, pod);
        }
        return output_format_print(format, array);
}

static int print_sample(TopSample *s, bool screen) {
        if (s->n > 0)
                qsort(s->rows, s->n, sizeof(TopRow), compare_rows);
        if (format != OUTPUT_TEXT)
                return print_json(s);
        print_table(s, screen);
        return process_flush();
}

static void pause_between(void) {
        struct timespec t = { .tv_sec = interval_ns / (int64_t) NSEC_PER_SEC,
                .tv_nsec = interval_ns % (int64_t) NSEC_PER_SEC };
        nanosleep(&t, NULL);
}

static int run(char *const *uuids) {
        bool screen = rounds < 0 && format == OUTPUT_TEXT && isatty(STDOUT_FILENO);
        int64_t left = rounds < 0 ? (screen ? 0 : 1) : rounds;
        bool forever = left == 0;
        TopSample before = {}, now = {};
        int r = top_sample_take(uuids, &now);
        if (r >= 0 && interval_ns == 0)
                r = print_sample(&now, false);
        while (r >= 0 && interval_ns > 0 && (forever || left-- > 0)) {
                top_sample_done(&before);
                before = now;
                now = (TopSample){};
                pause_between();
                r = top_sample_take(uuids, &now);
                if (r < 0)
                        break;
                top_sample_compare(&before, &now);
                r = print_sample(&now, screen);
        }
        top_sample_done(&before);
        top_sample_done(&now);
        return r;
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        int r = globals_command(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (interval_ns < 0) {
                log_error("--interval: a time below zero");
                return EXIT_RKT_FAILURE;
        }
        return run(arguments) < 0 ? EXIT_RKT_FAILURE : 0;
}
