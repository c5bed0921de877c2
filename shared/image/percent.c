/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "percent.h"

#include "alloc.h"
#include "strv.h"

static int hex_digit(char c) {
        const char *digits = "0123456789abcdef", *p = c ? strchr(digits, c | 0x20) : NULL;
        return p ? p - digits : -1;
}

char *percent_decode(const char *s, size_t n, bool plus) {
        _cleanup_free_ char *decoded = xmalloc(n + 1);
        char *p = decoded;
        for (const char *end = s + n; s < end; s++) {
                if (*s != '%') {
                        *p++ = plus && *s == '+' ? ' ' : *s;
                        continue;
                }
                if (end - s < 3)
                        return NULL;
                int high = hex_digit(s[1]), low = hex_digit(s[2]);
                if (high < 0 || low < 0 || (high == 0 && low == 0))
                        return NULL;
                *p++ = high * 16 + low;
                s += 2;
        }
        *p = 0;
        return TAKE_PTR(decoded);
}

static bool is_unreserved(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               strchr("-._~", c);
}

char *percent_encode(const char *s, const char *keep) {
        char *encoded = xmalloc(strlen(s) * 3 + 1), *p = encoded;
        for (; *s; s++)
                if (is_unreserved(*s) || strchr(keep, *s))
                        *p++ = *s;
                else
                        p += sprintf(p, "%%%02X", (unsigned char) *s);
        *p = 0;
        return encoded;
}

char *url_with_query(const char *head, char **parts) {
        if (strv_length(parts) == 0)
                return xstrdup(head);
        qsort(parts, strv_length(parts), sizeof(char *), string_compare);
        _cleanup_free_ char *query = strv_join(parts, "&");
        return xasprintf("%s?%s", head, query);
}

char *url_sort_query(const char *url) {
        size_t end = strcspn(url, "#"), n = strcspn(url, "?#");
        if (url[n] != '?')
                return xstrdup(url);
        _cleanup_free_ char *head = xstrndup(url, n), *query = xstrndup(url + n + 1, end - n - 1);
        _cleanup_strv_ char **parts = strv_split(query, '&');
        _cleanup_free_ char *sorted = url_with_query(head, parts);
        return xasprintf("%s%s", sorted, url + end);
}
