/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Verbs that have verbs of their own: "rkt image list". */

#include <stdbool.h>

typedef struct Subcommand {
        const char *name;
        int (*run)(int argc, char **argv); /* argv[0] is the subcommand; returns the exit status */
        const char *summary;               /* NULL: not in the help */
        bool newer;                        /* than rkt 1.x: what is short for a verb of that stays so */
} Subcommand;

/* The main() of such a program. table ends with a name of NULL. A subcommand may be cut short where that is
 * unambiguous; global flags may stand before it. */
int subcommand_main(const char *verb, const char *summary, const Subcommand *table, int argc, char **argv);
