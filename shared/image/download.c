/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "download.h"

#include <errno.h>

#include "alloc.h"
#include "log.h"
#include "strv.h"

#define MAX_RESTARTS 2

struct Download {
        HttpClient *client;
        DownloadRequest request;
        HttpTransfer *transfer;
        int *accept;
        bool stale; /* the server has something else by now */
        unsigned restarts;
};

static bool resume_at(const Download *d, HttpRange *ret) {
        const char *validator = incoming_validator(d->request.incoming);
        uint64_t size = incoming_size(d->request.incoming);
        *ret = (HttpRange){};
        if (!validator || size == 0)
                return false;
        *ret = (HttpRange){ .start = size, .if_range = validator };
        return true;
}

/* A server may know Range and not If-Range. */
static bool is_the_same(const Download *d, const HttpResponse *response) {
        const char *etag = http_response_header(response, "ETag");
        const char *modified = http_response_header(response, "Last-Modified");
        const char *validator = incoming_validator(d->request.incoming);
        if (!validator)
                return false;
        const char *current = validator[0] == '"' ? etag : modified;
        return !current || streq(current, validator);
}

static int begin(const HttpResponse *response, void *userdata) {
        Download *d = userdata;
        const HttpRequest *http = &d->request.http;
        if (response->status == 206 && !is_the_same(d, response)) {
                d->stale = true;
                return -ESTALE;
        }
        int r = http->begin ? http->begin(response, http->userdata) : 0;
        if (r < 0 || response->status == 206)
                return r;
        if (incoming_size(d->request.incoming) > 0) {
                r = incoming_restart(d->request.incoming);
                if (r < 0)
                        return r;
        }
        return incoming_set_validator(d->request.incoming, http_headers_validator(&response->headers));
}

static int take(const void *data, size_t size, void *userdata) {
        Download *d = userdata;
        const HttpRequest *http = &d->request.http;
        int r = incoming_append(d->request.incoming, data, size);
        if (r < 0) {
                incoming_discard(d->request.incoming); /* what is short of room does not keep any */
                return r;
        }
        return http->take ? http->take(data, size, http->userdata) : 0;
}

static int resume(HttpRange *ret, void *userdata) {
        resume_at(userdata, ret);
        return 0;
}

static void download_free(Download *d) {
        free(d->accept);
        free(d);
}

static int start(Download *d, const HttpRange *range);

/* All of it had come when who downloaded it was killed: there is no part behind it. */
static bool is_whole(const Download *d, const HttpResponse *response) {
        const char *range = http_response_header(response, "Content-Range");
        uint64_t total;
        return response->status == 416 && range && http_content_range_parse_total(range, &total) &&
               total == incoming_size(d->request.incoming) && is_the_same(d, response);
}

static void end(int result, HttpResponse *response, void *userdata) {
        Download *d = userdata;
        const HttpRange whole = {};
        if (result >= 0 && is_whole(d, response))
                response->status = 206;
        bool misfit = d->stale || (result >= 0 && response->status == 416);
        if (misfit && d->restarts++ < MAX_RESTARTS) {
                log_debug("%s: what is there of it cannot be gone on with", d->request.http.url);
                d->stale = false;
                result = start(d, &whole);
                if (result >= 0)
                        return;
        } else if (misfit) {
                log_error("error downloading %s: the server does not say twice what it has",
                                d->request.http.url);
                result = -EPROTO;
        }
        if (result >= 0 && (response->status == 200 || response->status == 206))
                result = incoming_complete(d->request.incoming);
        if (d->request.http.done)
                d->request.http.done(result, response, d->request.http.userdata);
        download_free(d);
}

static int start(Download *d, const HttpRange *range) {
        HttpRequest http = d->request.http;
        http.range = *range;
        http.accept = d->accept;
        http.begin = begin;
        http.take = take;
        http.resume = resume;
        http.done = end;
        http.userdata = d;
        return http_start(d->client, &http, &d->transfer, NULL);
}

int download_start(HttpClient *c, const DownloadRequest *request, Download **ret) {
        HttpRange range;
        size_t n = 0;
        while (request->http.accept && request->http.accept[n])
                n++;
        Download *d = xnew(Download, 1);
        d->client = c;
        d->request = *request;
        d->accept = xnew(int, n + 2);
        if (n > 0)
                memcpy(d->accept, request->http.accept, n * sizeof(int));
        d->accept[n] = 416;
        if (resume_at(d, &range))
                log_debug("%s: going on at byte %llu", request->http.url, (unsigned long long) range.start);
        int r = start(d, &range);
        if (r < 0)
                download_free(d);
        else if (ret)
                *ret = d;
        return r;
}

void download_cancel(Download *d) {
        http_cancel(d->transfer);
        download_free(d);
}
