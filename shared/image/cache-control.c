/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cache-control.h"

#include <strings.h>

#include "alloc.h"
#include "option.h"
#include "strv.h"

int64_t cache_control_max_age(const char *value) {
        _cleanup_strv_ char **directives = strv_split(value, ',');
        uint64_t max_age = 0;
        STRV_FOREACH (directive, directives) {
                char *d = *directive + strspn(*directive, " \t");
                d[strcspn(d, " \t\r\n")] = 0;
                if (strcasecmp(d, "no-store") == 0 || strcasecmp(d, "no-cache") == 0)
                        return 0;
                if (strncasecmp(d, "max-age=", 8) != 0)
                        continue;
                d += 8;
                if ((d[0] == '0' && d[1]) || parse_uint(d, INT32_MAX, &max_age) < 0)
                        max_age = 0;
        }
        return max_age;
}
