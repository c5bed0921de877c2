/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "filter-rules.h"

#include <ctype.h>
#include <errno.h>

#include "alloc.h"
#include "strv.h"

#define ERRORS_END 134 /* the kernel's highest error that programs see is EHWPOISON, 133 */

void filter_rules_done(FilterRules *l) {
        for (size_t i = 0; i < l->n; i++)
                free(l->items[i].name);
        free(l->items);
        *l = (FilterRules){};
}

static FilterRule *append(FilterRules *l, const char *name) {
        xgrow(&l->items, l->n);
        FilterRule *rule = &l->items[l->n++];
        *rule = (FilterRule){ .name = xstrdup(name) };
        return rule;
}

void filter_rules_add_name(FilterRules *l, const char *name) {
        append(l, name);
}

int filter_error_number(const char *name) {
        static const struct {
                const char *name;
                int number;
        } aliases[] = { { "EWOULDBLOCK", EWOULDBLOCK }, { "ENOTSUP", ENOTSUP }, { "EDEADLOCK", EDEADLOCK } };
        for (size_t i = 0; i < ELEMENTSOF(aliases); i++)
                if (streq(aliases[i].name, name))
                        return aliases[i].number;
        for (int i = 1; i < ERRORS_END; i++) {
                const char *known = strerrorname_np(i);
                if (known && streq(known, name))
                        return i;
        }
        return -EINVAL;
}

static int parse_number(const char *word, uint64_t *ret) {
        char *end;
        if (!word || !isdigit((unsigned char) *word))
                return -EINVAL;
        *ret = strtoull(word, &end, 0);
        return *end ? -EINVAL : 0;
}

/* A condition is an argument, a comparison and a value, and maybe a mask in front of the comparison. Returns
 * how many words it has. */
static int parse_condition(char *const *words, struct scmp_arg_cmp *ret) {
        static const struct {
                const char *name;
                enum scmp_compare operation;
        } operations[] = { { "==", SCMP_CMP_EQ }, { "!=", SCMP_CMP_NE }, { "<", SCMP_CMP_LT },
                { "<=", SCMP_CMP_LE }, { ">", SCMP_CMP_GT }, { ">=", SCMP_CMP_GE } };
        size_t n = strv_length(words);
        *ret = (struct scmp_arg_cmp){};
        if (n < 3 || words[0][0] != 'a' || words[0][1] < '0' || words[0][1] > '5' || words[0][2])
                return -EINVAL;
        ret->arg = (unsigned) (words[0][1] - '0');
        if (streq(words[1], "&")) {
                ret->op = SCMP_CMP_MASKED_EQ;
                if (n < 5 || parse_number(words[2], &ret->datum_a) < 0 || !streq(words[3], "==") ||
                                parse_number(words[4], &ret->datum_b) < 0)
                        return -EINVAL;
                return 5;
        }
        for (size_t i = 0; i < ELEMENTSOF(operations); i++)
                if (streq(words[1], operations[i].name)) {
                        ret->op = operations[i].operation;
                        return parse_number(words[2], &ret->datum_a) < 0 ? -EINVAL : 3;
                }
        return -EINVAL;
}

static int parse_conditions(char *const *words, FilterRule *rule) {
        for (;;) {
                if (rule->n_conditions == FILTER_CONDITIONS_MAX)
                        return -EINVAL;
                int n = parse_condition(words, &rule->conditions[rule->n_conditions]);
                if (n < 0)
                        return n;
                rule->n_conditions++;
                words += n;
                if (!*words)
                        return 0;
                if (!streq(*words++, "&&"))
                        return -EINVAL;
        }
}

static bool is_condition(char *const *words) {
        return words[0] && words[1] && words[0][0] == 'a' && isdigit((unsigned char) words[0][1]) &&
               !words[0][2];
}

static int add_words(FilterRules *l, char *const *words) {
        if (words[0][0] == '!') {
                int error = words[1] && !words[2] ? filter_error_number(words[1]) : -EINVAL;
                if (error > 0)
                        append(l, words[0] + 1)->error = error;
                return MIN(error, 0);
        }
        if (words[1] && is_condition(words + 1))
                return parse_conditions(words + 1, append(l, words[0]));
        STRV_FOREACH (name, words)
                append(l, *name);
        return 0;
}

int filter_rules_add_line(FilterRules *l, const char *line, char **ret_error) {
        _cleanup_strv_ char **parts = strv_split(line, ' '), **words = strv_copy(NULL);
        STRV_FOREACH (p, parts)
                if (**p)
                        strv_add(&words, *p);
        if (!words[0])
                return 0;
        int r = add_words(l, words);
        if (r < 0)
                *ret_error = xasprintf(
                                "\"%s\" is not a rule: expected NAME, NAME aN == VALUE or !NAME ERRNO",
                                line);
        return r;
}
