/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Command lines as rkt's (Go's pflag): --flag=value, --flag value, booleans as --flag or --flag=false, and
 * help in rkt's layout. A program describes itself in one Command; its table of options is the whole truth
 * about what it takes. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum OptionType {
        OPTION_BOOL,     /* bool * */
        OPTION_STRING,   /* char **: allocated; the last one wins */
        OPTION_STRV,     /* char ***: repeatable */
        OPTION_DURATION, /* int64_t *, nanoseconds; Go syntax */
        OPTION_CALL,     /* int (*)(const char *value, void *userdata): 0, or -errno after logging */
} OptionType;

typedef enum OptionFlags {
        OPTION_HIDDEN = 1 << 0,         /* works, but is not in the help */
        OPTION_ONCE = 1 << 1,           /* a second one is an error */
        OPTION_VALUE_OPTIONAL = 1 << 2, /* --net and --net=x: without "=" the value is .if_bare */
} OptionFlags;

typedef struct Option {
        const char *name; /* without dashes */
        OptionType type;
        void *target; /* by type; for OPTION_CALL the userdata */
        const char *help;
        const char *shown_default; /* for the help; NULL: none */
        OptionFlags flags;
        const char *if_bare;
        int (*call)(const char *value, void *userdata);
        bool *seen; /* set when the option was given; may be NULL */
} Option;

typedef enum ArgumentKind {
        ARGUMENT_PLAIN,        /* neither an option nor an option's value */
        ARGUMENT_DASHES,       /* "--" */
        ARGUMENT_AFTER_DASHES, /* what stands between "--" and "---" */
} ArgumentKind;

typedef struct Command {
        const char *name;                /* "run": the verb; the program is rkt-run */
        const char *usage;               /* "[--flags] IMAGE…", behind "rkt run" */
        const char *summary;             /* one line */
        const char *description;         /* a paragraph or more; may be NULL */
        const Option *options;           /* each table ends with a name of NULL and may be NULL */
        const Option *shared_options[2]; /* what it has in common with other commands */
        const Option *app_options[2];    /* what it says of an image's app */
        const Option *global_options;
        bool helper;           /* its program is no verb of rkt's, and lies elsewhere */
        bool needs_root;       /* checked by globals_command, after --help */
        bool stop_at_argument; /* options end at the first argument (enter) */
        /* Called in order for arguments, if set; app_arguments selects rkt's grammar in which "--" begins
         * the arguments of an app and "---" ends them. Returns 0 or -errno after logging. */
        int (*argument)(ArgumentKind kind, const char *argument, void *userdata);
        void *userdata;
        bool app_arguments;
} Command;

/* Parses argv[1…]. Without .argument, what is not an option goes to *ret_arguments (a strv, never NULL).
 * -EINVAL after logging what was wrong; 1 when help was asked for and printed; else 0. */
int command_parse(const Command *c, int argc, char **argv, char ***ret_arguments);
void command_help(const Command *c);
/* A section of a help text, of n tables of options; nothing if they are empty. */
void options_help(FILE *f, const char *title, const Option *const *tables, size_t n);

/* Go's strconv.ParseBool: 1 t T TRUE true True 0 f F FALSE false False. 0 or -EINVAL. */
int parse_bool(const char *s, bool *ret);
/* Decimal without sign, spaces or overflow. -EINVAL, -ERANGE. */
int parse_uint(const char *s, uint64_t max, uint64_t *ret);
int parse_int(const char *s, int64_t min, int64_t max, int64_t *ret);
