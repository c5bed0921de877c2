/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The text of URLs: percent-encoding (RFC 3986, section 2.1), queries. */

#include <stdbool.h>
#include <stddef.h>

/* The n bytes at s decoded; with plus, "+" is a space as in forms. Allocated; NULL if a "%" has not two
 * hexadecimal digits behind it, or is a NUL. */
char *percent_decode(const char *s, size_t n, bool plus);
/* Encodes all but letters, digits, "-._~" and the characters in keep. Allocated. */
char *percent_encode(const char *s, const char *keep);

/* head, and the parts of a query (a strv, which is sorted) behind "?" and with "&" between them. Allocated.
 */
char *url_with_query(const char *head, char **parts);
/* A URL with the parts of its query in order: two that differ in nothing else mean the same. Allocated. */
char *url_sort_query(const char *url);
