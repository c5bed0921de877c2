/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "http-headers.h"

/* The lines of a response, as they come. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        HttpHeaders headers = {};
        uint64_t start = 0, total = 0;
        const char *text = (const char *) data;
        while (size > 0) {
                const char *end = memchr(text, '\n', size);
                size_t n = end ? (size_t) (end - text) + 1 : size;
                http_headers_add(&headers, text, n);
                text += n;
                size -= n;
        }
        for (size_t i = 0; i < headers.n; i++)
                fuzz_assert(headers.fields[i].name[0] && headers.fields[i].value &&
                                !strpbrk(headers.fields[i].name, ":\n"));
        const char *validator = http_headers_validator(&headers);
        fuzz_assert(!validator || *validator);
        const char *range = http_headers_get(&headers, "content-range");
        if (range && http_content_range_parse(range, &start, &total))
                fuzz_assert(total == 0 || start < total);
        if (range && http_content_range_parse_total(range, &total))
                fuzz_assert(total <= INT64_MAX);
        http_headers_done(&headers);
        return 0;
}
