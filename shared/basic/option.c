/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "option.h"

#include <errno.h>

#include "alloc.h"
#include "build-config.h"
#include "duration.h"
#include "log.h"
#include "process.h"
#include "strv.h"
#include "table.h"

int parse_bool(const char *s, bool *ret) {
        static const char *const yes[] = { "1", "t", "T", "TRUE", "true", "True" };
        static const char *const no[] = { "0", "f", "F", "FALSE", "false", "False" };
        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                if (streq(s, yes[i]) || streq(s, no[i])) {
                        *ret = streq(s, yes[i]);
                        return 0;
                }
        }
        return -EINVAL;
}

int parse_uint(const char *s, uint64_t max, uint64_t *ret) {
        if (!*s || s[strspn(s, "0123456789")])
                return -EINVAL;
        errno = 0;
        uint64_t v = strtoull(s, NULL, 10);
        if (errno == ERANGE || v > max)
                return -ERANGE;
        *ret = v;
        return 0;
}

int parse_int(const char *s, int64_t min, int64_t max, int64_t *ret) {
        const char *digits = *s == '-' || *s == '+' ? s + 1 : s;
        if (!*digits || digits[strspn(digits, "0123456789")])
                return -EINVAL;
        errno = 0;
        int64_t v = strtoll(s, NULL, 10);
        if (errno == ERANGE || v < min || v > max)
                return -ERANGE;
        *ret = v;
        return 0;
}

static const Option *find_in(const Option *options, const char *name, size_t length) {
        for (const Option *o = options; o && o->name; o++)
                if (strlen(o->name) == length && strncmp(o->name, name, length) == 0)
                        return o;
        return NULL;
}

static int store(const Option *o, const char *value) {
        switch (o->type) {
        case OPTION_BOOL:
                if (parse_bool(value, o->target) < 0) {
                        log_error("invalid value \"%s\" for --%s: expected true or false", value, o->name);
                        return -EINVAL;
                }
                return 0;
        case OPTION_STRING:
                free(*(char **) o->target);
                *(char **) o->target = xstrdup(value);
                return 0;
        case OPTION_STRV: strv_add(o->target, value); return 0;
        case OPTION_DURATION:
                if (duration_parse(value, o->target) < 0) {
                        log_error("invalid duration \"%s\" for --%s: expected something like 30m or 1h30m",
                                        value, o->name);
                        return -EINVAL;
                }
                return 0;
        case OPTION_CALL: return o->call(value, o->target);
        }
        return -EINVAL;
}

static const Option *find_option(const Command *c, const char *name, size_t length) {
        const Option *const tables[] = { c->options, c->shared_options[0], c->shared_options[1],
                c->app_options[0], c->app_options[1], c->global_options };
        const Option *o = NULL;
        for (size_t i = 0; i < ELEMENTSOF(tables) && !o; i++)
                o = find_in(tables[i], name, length);
        return o;
}

/* Which options were given, for those that may be given once. */
typedef struct Seen {
        const Option *options[64];
        size_t n;
} Seen;

static int check_once(const Option *o, Seen *seen) {
        for (size_t i = 0; i < seen->n; i++)
                if (seen->options[i] == o) {
                        log_error("--%s given more than once", o->name);
                        return -EINVAL;
                }
        if (seen->n < ELEMENTSOF(seen->options))
                seen->options[seen->n++] = o;
        return 0;
}

/* The option at argv[i], with its value from "=" or the next word. Returns how many words it took. */
static int parse_option(const Command *c, int argc, char **argv, int i, Seen *seen) {
        const char *name = argv[i] + 2, *equals = strchr(name, '=');
        size_t length = equals ? (size_t) (equals - name) : strlen(name);
        const Option *o = find_option(c, name, length);
        if (!o) {
                log_error("unknown flag: --%.*s", (int) length, name);
                return -EINVAL;
        }

        int words = 1;
        const char *value = equals ? equals + 1 : NULL;
        if (!value && o->type == OPTION_BOOL)
                value = "true";
        else if (!value && (o->flags & OPTION_VALUE_OPTIONAL))
                value = o->if_bare;
        else if (!value && i + 1 < argc)
                value = argv[i + 1], words = 2;
        if (!value) {
                log_error("flag needs an argument: --%s", o->name);
                return -EINVAL;
        }

        if ((o->flags & OPTION_ONCE) && check_once(o, seen) < 0)
                return -EINVAL;
        if (o->seen)
                *o->seen = true;
        int r = store(o, value);
        return r < 0 ? r : words;
}

static int take_argument(const Command *c, ArgumentKind kind, const char *argument, char ***arguments) {
        if (c->argument)
                return c->argument(kind, argument, c->userdata);
        if (kind != ARGUMENT_DASHES)
                strv_add(arguments, argument);
        return 0;
}

int command_parse(const Command *c, int argc, char **argv, char ***ret_arguments) {
        _cleanup_strv_ char **arguments = strv_copy(NULL);
        Seen seen = {};
        bool after_dashes = false, options_ended = false;

        for (int i = 1; i < argc;) {
                const char *a = argv[i];
                int r = 1;
                if (after_dashes && c->app_arguments && streq(a, "---")) {
                        after_dashes = false;
                } else if (after_dashes) {
                        r = take_argument(c, ARGUMENT_AFTER_DASHES, a, &arguments);
                } else if (!options_ended && streq(a, "--")) {
                        after_dashes = true;
                        r = take_argument(c, ARGUMENT_DASHES, a, &arguments);
                } else if (!options_ended && c->app_arguments && streq(a, "---")) {
                        r = 0; /* a stray terminator is ignored, as in rkt */
                } else if (!options_ended && (streq(a, "--help") || streq(a, "-h"))) {
                        command_help(c);
                        return process_flush() < 0 ? -EIO : 1;
                } else if (!options_ended && a[0] == '-' && a[1] == '-') {
                        r = parse_option(c, argc, argv, i, &seen);
                } else if (!options_ended && a[0] == '-' && a[1]) {
                        log_error("unknown shorthand flag: %s", a);
                        return -EINVAL;
                } else {
                        r = take_argument(c, ARGUMENT_PLAIN, a, &arguments);
                        options_ended = c->stop_at_argument;
                }
                if (r < 0)
                        return r;
                i += r > 0 ? r : 1;
        }
        if (ret_arguments)
                *ret_arguments = TAKE_PTR(arguments);
        return 0;
}

static void help_rows(Table *t, const Option *options) {
        for (const Option *o = options; o && o->name; o++) {
                if (o->flags & OPTION_HIDDEN)
                        continue;
                const char *value = o->shown_default           ? o->shown_default
                                    : o->type == OPTION_BOOL   ? "false"
                                    : o->type == OPTION_STRING ? "\"\""
                                                               : "";
                bool optional = o->flags & OPTION_VALUE_OPTIONAL;
                table_cellf(t, "  --%s%s=%s%s", o->name, optional ? "[" : "", value, optional ? "]" : "");
                table_cell(t, o->help);
                table_end_row(t);
        }
}

void options_help(FILE *f, const char *title, const Option *const *tables, size_t n) {
        _cleanup_table_ Table *t = table_new();
        for (size_t i = 0; i < n; i++)
                help_rows(t, tables[i]);
        if (table_is_empty(t))
                return;
        fprintf(f, "\n%s:\n", title);
        table_print(t, f);
}

void command_help(const Command *c) {
        const char *program = c->helper ? "rkt-" : "rkt ";
        printf("NAME:\n\t%s%s - %s\n\nUSAGE:\n\t%s%s %s\n\nVERSION:\n\t%s\n", program, c->name, c->summary,
                        program, c->name, c->usage, RKT_VERSION);
        if (c->description)
                printf("\nDESCRIPTION:\n%s\n", c->description);
        const Option *const own[] = { c->options, c->shared_options[0], c->shared_options[1] };
        options_help(stdout, "OPTIONS", own, ELEMENTSOF(own));
        options_help(stdout, "APP OPTIONS", c->app_options, ELEMENTSOF(c->app_options));
        options_help(stdout, "GLOBAL OPTIONS", &c->global_options, 1);
}
