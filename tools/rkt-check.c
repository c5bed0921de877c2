/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>

#include "alloc.h"
#include "check.h"
#include "globals.h"
#include "json.h"
#include "log.h"
#include "output-format.h"
#include "process.h"
#include "strv.h"
#include "table.h"

#define EXIT_CANNOT_RUN 1

static OutputFormat format;
static bool no_legend;

static const Option options[] = {
        { "format", OPTION_CALL, &format, "output as json or json-pretty; without it as a table",
                        .call = output_format_parse, .shown_default = "json|json-pretty" },
        { "no-legend", OPTION_BOOL, &no_legend, "suppress a legend with the list" },
        {},
};

static const Command command = {
        .name = "check",
        .usage = "[--no-legend] [--format=json|json-pretty]",
        .summary = "Tell what this host has and lacks for rkt",
        .description = "The exit status is 0 if pods can run on this host, 1 if they cannot.",
        .options = options,
        .global_options = global_options,
};

const char *check_state_name(CheckState s) {
        static const char *const names[] = {
                [CHECK_OK] = "ok",
                [CHECK_LACKS] = "lacks",
                [CHECK_FATAL] = "fatal",
                [CHECK_UNKNOWN] = "unknown",
        };
        return names[s];
}

void checks_add(Checks *c, const char *name, CheckState state, const char *follows, const char *format_,
                ...) {
        va_list ap;
        va_start(ap, format_);
        xgrow(&c->items, c->n);
        c->items[c->n++] = (Finding){
                .name = name,
                .state = state,
                .found = xvasprintf(format_, ap),
                .follows = state == CHECK_OK ? NULL : xstrdup(follows),
        };
        va_end(ap);
}

bool checks_can_run(const Checks *c) {
        for (size_t i = 0; i < c->n; i++)
                if (c->items[i].state == CHECK_FATAL)
                        return false;
        return true;
}

void checks_done(Checks *c) {
        for (size_t i = 0; i < c->n; i++) {
                free(c->items[i].found);
                free(c->items[i].follows);
        }
        free(c->items);
}

static void print_table(const Checks *c) {
        _cleanup_table_ Table *t = table_new();
        static const char *const legend[] = { "CHECK", "STATE", "FOUND", "WHAT FOLLOWS" };
        for (size_t i = 0; i < ELEMENTSOF(legend) && !no_legend; i++)
                table_cell(t, legend[i]);
        if (!no_legend)
                table_end_row(t);
        for (size_t i = 0; i < c->n; i++) {
                table_cell(t, c->items[i].name);
                table_cell(t, check_state_name(c->items[i].state));
                table_cell(t, c->items[i].found);
                table_cell(t, c->items[i].follows);
                table_end_row(t);
        }
        table_print(t, stdout);
}

static int print_json(const Checks *c) {
        _cleanup_json_ json_object *o = json_object_new_object();
        json_object *array = json_object_new_array();
        json_object_object_add(o, "can_run", json_object_new_boolean(checks_can_run(c)));
        json_object_object_add(o, "checks", array);
        for (size_t i = 0; i < c->n; i++) {
                const Finding *f = &c->items[i];
                json_object *item = json_object_new_object();
                json_object_object_add(item, "name", json_object_new_string(f->name));
                json_object_object_add(item, "state", json_object_new_string(check_state_name(f->state)));
                json_object_object_add(item, "found", json_object_new_string(f->found));
                if (f->follows)
                        json_object_object_add(item, "follows", json_object_new_string(f->follows));
                json_object_array_add(array, item);
        }
        return output_format_print(format, o);
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        _cleanup_checks_ Checks c = {};
        int r = globals_command(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (strv_length(arguments) > 0) {
                log_error("check takes no arguments");
                return EXIT_RKT_FAILURE;
        }
        check_kernel(&c);
        check_storage(&c);
        check_systemd(&c);
        check_network(&c);
        check_extras(&c);
        if (format == OUTPUT_TEXT)
                print_table(&c);
        else if (print_json(&c) < 0)
                return EXIT_RKT_FAILURE;
        if (process_flush() < 0)
                return EXIT_RKT_FAILURE;
        return checks_can_run(&c) ? 0 : EXIT_CANNOT_RUN;
}
