/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Inside of filter-compile.c: the text of the lists as rules. */

#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILTER_CONDITIONS_MAX 4

typedef struct FilterRule {
        char *name;
        int error; /* > 0: "!NAME ERRNO" */
        struct scmp_arg_cmp conditions[FILTER_CONDITIONS_MAX];
        unsigned n_conditions;
} FilterRule;

typedef struct FilterRules {
        FilterRule *items;
        size_t n;
} FilterRules;

void filter_rules_done(FilterRules *l);

/* Reads one line without its comment: a rule, or several plain names. -EINVAL with *ret_error. */
int filter_rules_add_line(FilterRules *l, const char *line, char **ret_error);
void filter_rules_add_name(FilterRules *l, const char *name);

/* Number of an error by its name, such as EPERM; -EINVAL. */
int filter_error_number(const char *name);
