/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "alloc.h"
#include "filter-cache.h"
#include "filter-rules.h"
#include "strv.h"

/* The words of a seccomp isolator, and a line of a list. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *s = fuzz_string(data, size), *error = NULL;
        _cleanup_strv_ char **names = strv_split(s, ',');
        _cleanup_free_ char *source = filter_source(true, "EPERM", names), *again = NULL;
        _cleanup_strv_ char **lines = strv_split(source, '\n');
        if (strchr(s, '\n') == NULL) {
                again = filter_source(true, "EPERM", lines + 1);
                fuzz_assert(streq(source, again));
        }
        FilterRules rules = {};
        fuzz_assert(filter_rules_add_line(&rules, s, &error) >= 0 || error);
        for (size_t i = 0; i < rules.n; i++)
                fuzz_assert(rules.items[i].n_conditions <= FILTER_CONDITIONS_MAX);
        filter_rules_done(&rules);
        return 0;
}
