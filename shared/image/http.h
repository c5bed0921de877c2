/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One GET over http or https, through libcurl: at most 10 redirects, proxies from the environment, a
 * time-out that progress resets. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct HttpRequest {
        const char *url;
        const char *if_none_match; /* an ETag; NULL: none */
        bool any_certificate;      /* --insecure-options=tls */
        bool any_redirect;         /* from https to http, too */
        const char *progress;      /* what is shown in front of a progress line on a terminal; NULL: none */
        /* Takes the body of a response with status 200. Returns < 0 to give up, having logged why. */
        int (*take)(const void *data, size_t size, void *userdata);
        bool (*cancelled)(void); /* whether to give up while nothing arrives; NULL: never */
        void *userdata;
} HttpRequest;

typedef struct HttpResponse {
        long status;
        char *etag;      /* NULL: none */
        int64_t max_age; /* of Cache-Control, in seconds */
} HttpResponse;

void http_response_done(HttpResponse *r);
#define _cleanup_http_response_ _cleanup_(http_response_done)

/* 0 if there was a response with status 200 or, with if_none_match, 304. Otherwise logs why, and returns a
 * negative errno. */
int http_get(const HttpRequest *request, HttpResponse *ret);
