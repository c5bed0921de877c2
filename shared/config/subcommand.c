/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "subcommand.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "globals.h"
#include "log.h"
#include "option.h"
#include "process.h"

typedef struct Verb {
        const char *name, *summary;
        const Subcommand *table;
} Verb;

static void print_help(const Verb *v, FILE *f) {
        fprintf(f,
                        "NAME:\n\trkt %s - %s\n\nUSAGE:\n"
                        "\trkt %s SUBCOMMAND [flags] [arguments]\n\nSUBCOMMANDS:\n",
                        v->name, v->summary, v->name);
        for (const Subcommand *s = v->table; s->name; s++)
                if (s->summary)
                        fprintf(f, "\t%-16s%s\n", s->name, s->summary);
        fprintf(f, "\nUse \"rkt %s SUBCOMMAND --help\" for more about one.\n", v->name);
}

/* How many words the global flags in front of the subcommand take. */
static int skip_flags(int argc, char **argv) {
        int i = 1;
        while (i < argc && startswith(argv[i], "--") && argv[i][2]) {
                const char *name = argv[i] + 2;
                size_t length = strcspn(name, "=");
                const Option *o = global_options;
                while (o->name && (strlen(o->name) != length || strncmp(o->name, name, length) != 0))
                        o++;
                if (!o->name)
                        break;
                i += name[length] || o->type == OPTION_BOOL ? 1 : 2;
        }
        return MIN(i, argc);
}

/* Sets *ret to the subcommand that name is the beginning of, or to NULL. -EINVAL after logging: of several.
 */
static int find_shortened(const Verb *v, const char *name, bool newer, const Subcommand **ret) {
        *ret = NULL;
        for (const Subcommand *s = v->table; s->name; s++) {
                if (!s->summary || s->newer != newer || !startswith(s->name, name))
                        continue;
                if (*ret) {
                        log_error("ambiguous subcommand \"%s\": it could be %s or %s", name, (*ret)->name,
                                        s->name);
                        return -EINVAL;
                }
                *ret = s;
        }
        return 0;
}

/* The subcommand that name is, or is an unambiguous beginning of; NULL after logging. */
static const Subcommand *find_subcommand(const Verb *v, const char *name) {
        const Subcommand *found;
        for (const Subcommand *s = v->table; s->name; s++)
                if (streq(name, s->name))
                        return s;
        if (find_shortened(v, name, false, &found) < 0 ||
                        (!found && find_shortened(v, name, true, &found) < 0))
                return NULL;
        if (!found)
                log_error("unknown subcommand \"%s\" (try \"rkt %s --help\")", name, v->name);
        return found;
}

/* Moves the subcommand to the front: what parses the rest takes global flags anywhere. */
static int run(const Verb *v, int argc, char **argv, int at) {
        const Subcommand *s = find_subcommand(v, argv[at]);
        if (!s)
                return EXIT_RKT_FAILURE;
        memmove(argv + 2, argv + 1, (at - 1) * sizeof(char *));
        argv[1] = (char *) s->name;
        return s->run(argc - 1, argv + 1);
}

/* "rkt image help NAME", and what the dispatcher makes of "rkt help image NAME". */
static int help(const Verb *v, const char *name) {
        char *argv[] = { (char *) v->name, (char *) name, (char *) "--help", NULL };
        if (name)
                return run(v, ELEMENTSOF(argv) - 1, argv, 1);
        print_help(v, stdout);
        return process_end(0);
}

int subcommand_main(const char *verb, const char *summary, const Subcommand *table, int argc, char **argv) {
        const Verb v = { .name = verb, .summary = summary, .table = table };
        process_begin(verb);
        int at = skip_flags(argc, argv);
        if (at < argc && (streq(argv[at], "--help") || streq(argv[at], "-h") || streq(argv[at], "help")))
                return help(&v, argv[at + 1]);
        if (at == argc) {
                log_error("missing subcommand");
                print_help(&v, stderr);
                return 2;
        }
        if (argv[at][0] == '-') {
                log_error("unknown flag: %s", argv[at]);
                return EXIT_RKT_FAILURE;
        }
        return run(&v, argc, argv, at);
}
