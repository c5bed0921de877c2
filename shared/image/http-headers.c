/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "http-headers.h"

#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "alloc.h"
#include "option.h"

#define SETTLED 60 /* seconds */

void http_headers_done(HttpHeaders *h) {
        for (size_t i = 0; i < h->n; i++) {
                free(h->fields[i].name);
                free(h->fields[i].value);
        }
        free(h->fields);
        *h = (HttpHeaders){};
}

void http_headers_add(HttpHeaders *h, const char *line, size_t size) {
        const char *colon = memchr(line, ':', size);
        if (!colon || colon == line || memchr(line, 0, size))
                return;
        const char *start = colon + 1, *end = line + size;
        while (start < end && strchr(" \t", *start))
                start++;
        while (start < end && strchr(" \t\r\n", end[-1]))
                end--;
        xgrow(&h->fields, h->n);
        h->fields[h->n++] = (HttpHeader){ xstrndup(line, colon - line), xstrndup(start, end - start) };
}

const char *http_headers_next(const HttpHeaders *h, const char *name, size_t *position) {
        while (*position < h->n) {
                const HttpHeader *field = &h->fields[(*position)++];
                if (strcasecmp(field->name, name) == 0)
                        return field->value;
        }
        return NULL;
}

const char *http_headers_get(const HttpHeaders *h, const char *name) {
        const char *value, *last = NULL;
        size_t position = 0;
        while ((value = http_headers_next(h, name, &position)))
                last = value;
        return last;
}

static bool parse_date(const char *value, time_t *ret) {
        struct tm tm = {};
        const char *end = value ? strptime(value, "%a, %d %b %Y %H:%M:%S GMT", &tm) : NULL;
        if (!end || *end)
                return false;
        *ret = timegm(&tm);
        return true;
}

/* A time has a resolution of a second: what was changed twice in the one before the response would look the
 * same (RFC 9110, 8.8.2.2). */
const char *http_headers_validator(const HttpHeaders *h) {
        const char *etag = http_headers_get(h, "ETag"), *modified = http_headers_get(h, "Last-Modified");
        time_t date, changed;
        if (etag && etag[0] == '"')
                return etag;
        if (!parse_date(http_headers_get(h, "Date"), &date) || !parse_date(modified, &changed))
                return NULL;
        return changed + SETTLED <= date ? modified : NULL;
}

static bool take_number(const char **s, uint64_t *ret) {
        char digits[24];
        size_t n = strspn(*s, "0123456789");
        if (n == 0 || n >= sizeof(digits))
                return false;
        memcpy(digits, *s, n);
        digits[n] = 0;
        *s += n;
        return parse_uint(digits, INT64_MAX, ret) >= 0;
}

bool http_content_range_parse_total(const char *value, uint64_t *ret_total) {
        return strncasecmp(value, "bytes */", 8) == 0 && parse_uint(value + 8, INT64_MAX, ret_total) >= 0;
}

bool http_content_range_parse(const char *value, uint64_t *ret_start, uint64_t *ret_total) {
        uint64_t start, last, total = 0;
        if (strncasecmp(value, "bytes ", 6) != 0)
                return false;
        value += 6;
        if (!take_number(&value, &start) || *value++ != '-' || !take_number(&value, &last) ||
                        *value++ != '/' || last < start)
                return false;
        if (value[0] == '*')
                value++;
        else if (!take_number(&value, &total) || total <= last)
                return false;
        if (*value)
                return false;
        *ret_start = start;
        *ret_total = total;
        return true;
}
