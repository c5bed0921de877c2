/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log-limit.h"

#include <errno.h>

#include "alloc.h"
#include "duration.h"
#include "option.h"
#include "quantity.h"

int log_rate_parse(const char *value, uint64_t *ret_lines, uint64_t *ret_ms, char **ret_error) {
        const char *slash = strchr(value, '/');
        _cleanup_free_ char *lines = slash ? xstrndup(value, (size_t) (slash - value)) : NULL;
        uint64_t n;
        int64_t ns;
        if (!slash || parse_uint(lines, UINT32_MAX, &n) < 0 || n == 0 ||
                        duration_parse(slash + 1, &ns) < 0 || ns < (int64_t) NSEC_PER_MSEC) {
                *ret_error = xasprintf(
                                "\"%s\" is no rate: expected LINES/DURATION, such as 1000/30s", value);
                return -EINVAL;
        }
        *ret_lines = n;
        *ret_ms = (uint64_t) ns / NSEC_PER_MSEC;
        return 0;
}

int log_size_parse(const char *value, uint64_t *ret_bytes, char **ret_error) {
        Quantity q;
        int64_t bytes = quantity_parse(value, &q) < 0 ? -1 : quantity_value(q);
        if (bytes < (int64_t) POD_LOG_SIZE_MIN) {
                *ret_error = xasprintf("\"%s\": expected a size of 1Mi or more, such as 64Mi", value);
                return -EINVAL;
        }
        *ret_bytes = (uint64_t) bytes;
        return 0;
}
