/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "alloc.h"
#include "duration.h"
#include "globals.h"
#include "image-arguments.h"
#include "image-record.h"
#include "image.h"
#include "json.h"
#include "log.h"
#include "output-format.h"
#include "process.h"
#include "strv.h"
#include "table.h"

#define SHORT_ID (strlen("sha512-") + 12)

static char *fields, *sort_key, *order;
static OutputFormat format;
static bool full, no_legend;

static const Option options[] = {
        { "fields", OPTION_STRING, &fields, "comma-separated list of fields to display",
                        .shown_default = "id,name,size,importtime,lastused" },
        { "format", OPTION_CALL, &format, "output as json or json-pretty; without it as a table",
                        .call = output_format_parse, .shown_default = "json|json-pretty" },
        { "full", OPTION_BOOL, &full, "use long output format" },
        { "no-legend", OPTION_BOOL, &no_legend, "suppress a legend with the list" },
        { "order", OPTION_STRING, &order, "sorting order: asc or desc", .shown_default = "asc" },
        { "sort", OPTION_STRING, &sort_key, "sort by one of name, importtime, lastused, size",
                        .shown_default = "importtime" },
        {},
};

static const Command command = {
        .name = "image list",
        .usage = "[--fields=LIST] [--sort=FIELD] [--order=asc|desc]",
        .summary = "List images in the local store",
        .options = options,
        .global_options = global_options,
};

static time_t now;

/* As github.com/dustin/go-humanize writes it: "83MiB", "1.2GiB". */
static char *format_size(uint64_t size) {
        static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
        double value = size;
        size_t unit = 0;
        if (size < 10)
                return xasprintf("%" PRIu64 "B", size);
        while (value >= 1024 && unit + 1 < ELEMENTSOF(units)) {
                value /= 1024;
                unit++;
        }
        double rounded = (uint64_t) (value * 10 + 0.5) / 10.0;
        return xasprintf(rounded < 10 ? "%.1f%s" : "%.0f%s", rounded, units[unit]);
}

static char *format_time(int64_t ns) {
        return full ? time_absolute(ns) : time_ago(ns / (int64_t) NSEC_PER_SEC, now);
}

static char *show_id(const ImageRecord *r) {
        return full ? xstrdup(r->id) : xstrndup(r->id, SHORT_ID);
}

static char *show_size(const ImageRecord *r) {
        return full ? xasprintf("%" PRIu64, image_record_size(r)) : format_size(image_record_size(r));
}

static char *show_import_time(const ImageRecord *r) {
        return format_time(r->import_time);
}

static char *show_last_used(const ImageRecord *r) {
        return format_time(r->last_used);
}

static int compare_name(const ImageRecord *a, const ImageRecord *b) {
        return strcmp(a->name, b->name);
}

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_size(const ImageRecord *a, const ImageRecord *b) {
        return COMPARE(image_record_size(a), image_record_size(b));
}

static int compare_import_time(const ImageRecord *a, const ImageRecord *b) {
        return COMPARE(a->import_time, b->import_time);
}

static int compare_last_used(const ImageRecord *a, const ImageRecord *b) {
        return COMPARE(a->last_used, b->last_used);
}

typedef struct Field {
        const char *name, *heading;
        char *(*show)(const ImageRecord *r);
        int (*compare)(const ImageRecord *a, const ImageRecord *b); /* NULL: not to sort by */
} Field;

static const Field all_fields[] = {
        { "id", "ID", show_id, NULL },
        { "name", "NAME", image_record_title, compare_name },
        { "size", "SIZE", show_size, compare_size },
        { "importtime", "IMPORT TIME", show_import_time, compare_import_time },
        { "lastused", "LAST USED", show_last_used, compare_last_used },
};

static const Field *find_field(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(all_fields); i++)
                if (streq(all_fields[i].name, name))
                        return &all_fields[i];
        return NULL;
}

static int (*sort_compare)(const ImageRecord *a, const ImageRecord *b);
static bool descending;

static int compare_records(const void *a, const void *b) {
        const ImageRecord *x = *(ImageRecord *const *) a, *y = *(ImageRecord *const *) b;
        int r = sort_compare(x, y);
        if (r == 0)
                r = strcmp(x->id, y->id); /* the same order each time */
        return descending ? -r : r;
}

static int check_options(void) {
        const Field *f = find_field(sort_key ?: "importtime");
        if (!f || !f->compare) {
                log_error("invalid --sort=%s: expected name, importtime, lastused or size", sort_key);
                return -EINVAL;
        }
        sort_compare = f->compare;
        if (order && !streq(order, "asc") && !streq(order, "desc")) {
                log_error("invalid --order=%s: expected asc or desc", order);
                return -EINVAL;
        }
        descending = order && streq(order, "desc");
        return 0;
}

static int print_table(ImageRecord **records, size_t n) {
        _cleanup_strv_ char **names = strv_split(fields ?: "id,name,size,importtime,lastused", ',');
        _cleanup_table_ Table *t = table_new();
        STRV_FOREACH (name, names) {
                const Field *f = find_field(*name);
                if (!f) {
                        log_error("unknown field \"%s\": expected id, name, size, importtime or lastused",
                                        *name);
                        return -EINVAL;
                }
                if (!no_legend)
                        table_cell(t, f->heading);
        }
        if (!no_legend)
                table_end_row(t);
        for (size_t i = 0; i < n; i++) {
                STRV_FOREACH (name, names) {
                        _cleanup_free_ char *text = find_field(*name)->show(records[i]);
                        table_cell(t, text);
                }
                table_end_row(t);
        }
        table_print(t, stdout);
        return process_flush();
}

static int print_json(ImageRecord **records, size_t n) {
        _cleanup_json_ json_object *list = json_object_new_array();
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *title = image_record_title(records[i]);
                json_object *o = json_object_new_object();
                json_object_object_add(o, "id", json_object_new_string(records[i]->id));
                json_object_object_add(o, "name", json_object_new_string(title));
                json_object_object_add(o, "import_time", json_object_new_int64(records[i]->import_time));
                json_object_object_add(o, "last_used_time", json_object_new_int64(records[i]->last_used));
                json_object_object_add(o, "size", json_object_new_int64(image_record_size(records[i])));
                json_object_array_add(list, o);
        }
        return output_format_print(format, list);
}

int image_list(int argc, char **argv) {
        _cleanup_image_arguments_ ImageArguments a = {};
        ImageRecord **records = NULL;
        size_t n = 0;
        int r = image_arguments_none(&command, argc, argv, &a);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (check_options() < 0)
                return EXIT_RKT_FAILURE;
        now = time(NULL);
        r = image_records_list(a.store, &records, &n);
        if (r < 0)
                log_error_errno(r, "cannot read the image records of %s", store_path(a.store));
        else {
                if (n > 0)
                        qsort(records, n, sizeof(ImageRecord *), compare_records);
                r = format == OUTPUT_TEXT ? print_table(records, n) : print_json(records, n);
        }
        image_records_free(records, n);
        return r < 0 ? EXIT_RKT_FAILURE : 0;
}
