/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Header fields of a response, and what stands in those that are looked into. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct HttpHeader {
        char *name, *value;
} HttpHeader;

typedef struct HttpHeaders {
        HttpHeader *fields;
        size_t n;
} HttpHeaders;

void http_headers_done(HttpHeaders *h);
/* A line as it came, "Name: value\r\n"; other lines are ignored. */
void http_headers_add(HttpHeaders *h, const char *line, size_t size);
/* The value of the last field of this name, in any case; NULL: there is none. */
const char *http_headers_get(const HttpHeaders *h, const char *name);
/* All of them, for fields that may come several times: each call gives the next; *position begins at 0. */
const char *http_headers_next(const HttpHeaders *h, const char *name, size_t *position);

/* What can tell that the content has not changed, so that a download can go on where it was cut (RFC 9110,
 * If-Range): a strong ETag, else a Last-Modified that is at least a minute older than the response. NULL:
 * nothing. Borrowed. */
const char *http_headers_validator(const HttpHeaders *h);

/* "bytes * /200" (without the space), which comes with a status 416: how much there is. */
bool http_content_range_parse_total(const char *value, uint64_t *ret_total);

/* "bytes 100-199/200": false if it is anything else. *ret_total is 0 if unknown. */
bool http_content_range_parse(const char *value, uint64_t *ret_start, uint64_t *ret_total);
