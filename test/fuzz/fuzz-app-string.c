/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "app-string.h"
#include "types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *s = fuzz_string(data, size), *error = NULL;
        _cleanup_free_ char *name = ac_name_sanitize(s), *identifier = ac_identifier_sanitize(s);
        fuzz_assert(!name || ac_name_is_valid(name));
        fuzz_assert(!identifier || ac_identifier_is_valid(identifier));
        ac_version_problem(s);
        date_is_valid(s);
        url_is_valid(s);
        fuzz_assert(!image_id_is_valid(s) || image_id_has_prefix(s, s));

        _cleanup_app_string_ AppString a = {}, again = {};
        if (app_string_parse(s, &a, &error) < 0) {
                fuzz_assert(error && !a.name);
                return 0;
        }
        _cleanup_free_ char *first = app_string_format(a.name, &a.labels);
        fuzz_assert(app_string_parse(first, &again, NULL) >= 0);
        _cleanup_free_ char *second = app_string_format(again.name, &again.labels);
        fuzz_assert(streq(first, second));
        fuzz_assert(name_values_match(&a.labels, &again.labels) &&
                        name_values_match(&again.labels, &a.labels));
        return 0;
}
