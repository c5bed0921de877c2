/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "http.h"

#include <curl/curl.h>
#include <errno.h>
#include <strings.h>

#include "alloc.h"
#include "build-config.h"
#include "cache-control.h"
#include "duration.h"
#include "log.h"
#include "macro.h"

#define MAX_REDIRECTS     10L
#define CONNECT_TIMEOUT   30L /* seconds */
#define STALL_TIMEOUT     60L /* seconds in which nothing arrives */
#define BUFFER_SIZE       (256L * 1024)
#define PROGRESS_INTERVAL (NSEC_PER_SEC / 5)

DEFINE_CLEANUP(CURL *, curl_easy_cleanup)
DEFINE_CLEANUP(struct curl_slist *, curl_slist_free_all)

typedef struct Transfer {
        const HttpRequest *request;
        HttpResponse response;
        CURL *curl;
        int error; /* of request->take */
        bool show_progress;
        uint64_t progress_shown; /* monotonic; 0: never */
        char message[CURL_ERROR_SIZE];
} Transfer;

void http_response_done(HttpResponse *r) {
        free(r->etag);
        r->etag = NULL;
}

static char *header_value(const char *line, size_t size, const char *name) {
        size_t n = strlen(name);
        if (size <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
                return NULL;
        line += n + 1;
        size -= n + 1;
        while (size > 0 && strchr(" \t", *line)) {
                line++;
                size--;
        }
        while (size > 0 && strchr(" \t\r\n", line[size - 1]))
                size--;
        return xstrndup(line, size);
}

/* Each response of a chain of redirects begins with a status line: only the last one's headers count. */
static size_t take_header(char *line, size_t unit, size_t size, void *userdata) {
        HttpResponse *r = &((Transfer *) userdata)->response;
        _cleanup_free_ char *etag = NULL, *cache = NULL;
        if (size >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
                http_response_done(r);
                r->max_age = 0;
        } else if ((etag = header_value(line, size, "etag"))) {
                free(r->etag);
                r->etag = TAKE_PTR(etag);
        } else if ((cache = header_value(line, size, "cache-control")))
                r->max_age = cache_control_max_age(cache);
        return size;
}

static size_t take_body(char *data, size_t unit, size_t size, void *userdata) {
        Transfer *t = userdata;
        long status = 0;
        curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
        if (status != 200)
                return size; /* an error page */
        t->error = t->request->take(data, size, t->request->userdata);
        return t->error < 0 ? CURL_WRITEFUNC_ERROR : size;
}

static int on_progress(
                void *userdata, curl_off_t total, curl_off_t now, curl_off_t ul_total, curl_off_t ul_now) {
        Transfer *t = userdata;
        uint64_t time = monotonic_ns();
        if (t->request->cancelled && t->request->cancelled())
                return 1;
        if (!t->show_progress || now == 0 || (time - t->progress_shown < PROGRESS_INTERVAL && now != total))
                return 0;
        t->progress_shown = time;
        if (total > 0)
                fprintf(stderr, "\r\033[K%s: %.1f MB/%.1f MB", t->request->progress, now / 1e6, total / 1e6);
        else
                fprintf(stderr, "\r\033[K%s: %.1f MB", t->request->progress, now / 1e6);
        return 0;
}

static struct curl_slist *make_headers(const HttpRequest *request) {
        if (!request->if_none_match)
                return NULL;
        _cleanup_free_ char *line = xasprintf("If-None-Match: %s", request->if_none_match);
        return curl_slist_append(NULL, line);
}

static void set_options(CURL *c, Transfer *t, struct curl_slist *headers) {
        const HttpRequest *request = t->request;
        bool https = strncasecmp(request->url, "https:", 6) == 0;
        curl_easy_setopt(c, CURLOPT_URL, request->url);
        curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR,
                        https && !request->any_redirect ? "https" : "http,https");
        curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
        curl_easy_setopt(c, CURLOPT_MAXREDIRS, MAX_REDIRECTS);
        curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT);
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, STALL_TIMEOUT);
        curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(c, CURLOPT_BUFFERSIZE, BUFFER_SIZE);
        curl_easy_setopt(c, CURLOPT_USERAGENT, "rkt/" RKT_VERSION);
        curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->message);
        curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
        curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
        curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
        curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
        if (request->any_certificate) {
                curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
                curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
        }
        t->show_progress = request->progress && isatty(STDERR_FILENO);
        curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
        curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
}

static int judge(Transfer *t, CURLcode code) {
        if (t->error < 0)
                return t->error;
        if (code == CURLE_ABORTED_BY_CALLBACK)
                return -EINTR;
        if (code != CURLE_OK) {
                log_error("error downloading %s: %s", t->request->url,
                                t->message[0] ? t->message : curl_easy_strerror(code));
                return code == CURLE_OPERATION_TIMEDOUT ? -ETIMEDOUT : -EIO;
        }
        curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &t->response.status);
        if (t->response.status == 200 || (t->response.status == 304 && t->request->if_none_match))
                return 0;
        log_error("error downloading %s: bad HTTP status code: %ld", t->request->url, t->response.status);
        return -EIO;
}

int http_get(const HttpRequest *request, HttpResponse *ret) {
        _cleanup_(curl_easy_cleanupp) CURL *c = curl_easy_init();
        _cleanup_(curl_slist_free_allp) struct curl_slist *headers = make_headers(request);
        if (!c) {
                log_error("cannot initialise libcurl");
                return -ENOMEM;
        }
        Transfer t = { .request = request, .curl = c };
        set_options(c, &t, headers);
        CURLcode code = curl_easy_perform(c);
        if (t.progress_shown != 0)
                fputc('\n', stderr);
        int r = judge(&t, code);
        if (r < 0) {
                http_response_done(&t.response);
                return r;
        }
        *ret = t.response;
        return 0;
}
