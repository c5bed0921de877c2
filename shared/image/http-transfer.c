/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "http-transfer.h"

#include <errno.h>

#include "alloc.h"
#include "duration.h"
#include "insecure.h"
#include "log.h"

#define MAX_REDIRECTS    10
#define MAX_FAILURES     4 /* one after the other, without progress */
#define PROGRESS_MIN     ((uint64_t) 64 * 1024)
#define FIRST_PAUSE      (NSEC_PER_SEC / 4)
#define PAUSE_TOLD       (2 * NSEC_PER_SEC)
#define RETRY_AFTER_MAX  60 /* seconds; who wants more is busy for good */
#define HEADERS_MAX      ((size_t) 256 * 1024)
#define REFUSED_BODY_MAX ((size_t) 64 * 1024)
#define IGNORED_MAX      ((uint64_t) 1024 * 1024) /* of the body of a redirect or an error */

void http_response_done(HttpResponse *r) {
        http_headers_done(&r->headers);
        free(r->url);
        free(r->body);
        free(r->error);
        *r = (HttpResponse){};
}

static int fail(HttpTransfer *t, int error, const char *format, ...) _printf_(3, 4);
static int fail(HttpTransfer *t, int error, const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        free(t->message);
        t->message = xvasprintf(format, ap);
        va_end(ap);
        return t->error = -abs(error);
}

static bool contains(const int *statuses, long status) {
        for (; statuses && *statuses; statuses++)
                if (*statuses == status)
                        return true;
        return false;
}

static bool is_accepted(const HttpRequest *r, long status) {
        return status == 200 || (status == 206 && r->range.start > 0) ||
               (status == 304 && r->if_none_match) || contains(r->accept, status);
}

static bool is_redirect(const HttpTransfer *t) {
        static const int statuses[] = { 301, 302, 303, 307, 308, 0 };
        return contains(statuses, t->response.status) && http_response_header(&t->response, "Location");
}

static bool is_temporary(long status) {
        static const int statuses[] = { 408, 429, 500, 502, 503, 504, 0 };
        return contains(statuses, status);
}

static HttpDisposition judge_status(const HttpTransfer *t) {
        long status = t->response.status;
        if (is_accepted(&t->request, status))
                return t->request.take && (status == 200 || status == 206) ? HTTP_TAKE : HTTP_COLLECT;
        if (is_redirect(t))
                return HTTP_REDIRECT;
        return is_temporary(status) && !t->request.once ? HTTP_RETRY : HTTP_REFUSE;
}

/* A part must be the part that was asked for: what is put together from others would be something else. */
static int check_range(HttpTransfer *t) {
        const char *value = http_response_header(&t->response, "Content-Range");
        uint64_t start, total;
        if (!value || !http_content_range_parse(value, &start, &total))
                return fail(t, EPROTO, "the server sends a part without saying which");
        if (start != t->request.range.start)
                return fail(t, EPROTO, "the server sends what begins at byte %llu instead of byte %llu",
                                (unsigned long long) start, (unsigned long long) t->request.range.start);
        return 0;
}

static int check_length(HttpTransfer *t, uint64_t already) {
        uint64_t max = t->request.max_body;
        curl_off_t length = -1;
        curl_easy_getinfo(t->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        if (t->method != HTTP_HEAD && length > 0 && max > 0 && (uint64_t) length + already > max)
                return fail(t, EFBIG, "it is larger than the limit of %llu bytes", (unsigned long long) max);
        return 0;
}

static int end_headers(HttpTransfer *t) {
        long status = t->response.status;
        int r;
        t->headers_ended = true;
        t->disposition = judge_status(t);
        if (t->disposition != HTTP_TAKE && t->disposition != HTTP_COLLECT)
                return 0;
        if (status == 206 && t->request.range.start > 0 && (r = check_range(t)) < 0)
                return r;
        r = check_length(t, status == 206 ? t->request.range.start : 0);
        if (r < 0 || t->disposition != HTTP_TAKE || !t->request.begin)
                return r;
        return t->error = t->request.begin(&t->response, t->request.userdata);
}

/* Each response that comes, 100 Continue and the like too, begins with a status line: the last one counts.
 */
static size_t take_header(char *line, size_t unit, size_t size, void *userdata) {
        HttpTransfer *t = userdata;
        t->headers_size += size;
        if (t->headers_size > HEADERS_MAX) {
                fail(t, EFBIG, "the headers are larger than the limit of %zu bytes", HEADERS_MAX);
                return 0;
        }
        if (t->headers_ended)
                return size; /* trailers */
        if (size >= 5 && strncasecmp(line, "HTTP/", 5) == 0)
                http_headers_done(&t->response.headers);
        else if (size > 0 && line[0] != '\r' && line[0] != '\n')
                http_headers_add(&t->response.headers, line, size);
        else {
                curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &t->response.status);
                if (t->response.status >= 200 && end_headers(t) < 0)
                        return 0;
        }
        return size;
}

static size_t collect(HttpTransfer *t, const char *data, size_t size, uint64_t max) {
        HttpResponse *r = &t->response;
        size_t used = MIN(size, max - r->body_size);
        if (!r->body || r->body_size + used + 1 > t->body_room) {
                t->body_room = MAX(2 * t->body_room, r->body_size + used + 1);
                r->body = xreallocarray(r->body, t->body_room, 1);
        }
        memcpy(r->body + r->body_size, data, used);
        r->body_size += used;
        r->body[r->body_size] = 0;
        return size;
}

static size_t take_body(char *data, size_t unit, size_t size, void *userdata) {
        HttpTransfer *t = userdata;
        uint64_t before = t->response.status == 206 ? t->request.range.start : 0;
        t->body_size += size;
        if (t->disposition != HTTP_TAKE && t->disposition != HTTP_COLLECT) {
                if (t->disposition == HTTP_REFUSE)
                        collect(t, data, size, REFUSED_BODY_MAX);
                return t->body_size > IGNORED_MAX ? 0 : size;
        }
        uint64_t max = t->request.max_body;
        if (max > 0 && t->body_size + before > max) {
                fail(t, EFBIG, "it is larger than the limit of %llu bytes", (unsigned long long) max);
                return 0;
        }
        if (t->disposition == HTTP_COLLECT)
                return collect(t, data, size, UINT64_MAX / 4);
        t->taken = true;
        t->reached = MAX(t->reached, before + t->body_size);
        t->error = t->request.take(data, size, t->request.userdata);
        return t->error < 0 ? 0 : size;
}

static int on_progress(
                void *userdata, curl_off_t total, curl_off_t now, curl_off_t ul_total, curl_off_t ul_now) {
        HttpTransfer *t = userdata;
        uint64_t before = t->response.status == 206 ? t->request.range.start : 0;
        if (t->disposition == HTTP_TAKE || t->disposition == HTTP_COLLECT)
                progress_bar_set(t->bar, before + now, total > 0 ? before + total : 0);
        return 0;
}

/* Before each request, when the connection is there: who redirected here must not make us talk to what only
 * this machine can reach. With a proxy, whose address and port are not those of the URL, only the proxy can
 * know where a name leads. */
static int on_connected(void *userdata, char *address, char *local_address, int port, int local_port) {
        HttpTransfer *t = userdata;
        uint64_t url_port = strtoull(t->url.port, NULL, 10);
        if (port > 0 && (uint64_t) port != url_port)
                return CURL_PREREQFUNC_OK;
        HttpAddressKind kind = http_address_kind(address);
        if (t->redirects > 0 && kind != HTTP_ADDRESS_OTHER && kind != t->from_kind) {
                fail(t, EPERM,
                                "the address of %s, %s, can only be reached from this host, and a server "
                                "that "
                                "is elsewhere may not redirect to it",
                                t->url.host, address);
                return CURL_PREREQFUNC_ABORT;
        }
        t->here_kind = kind;
        return CURL_PREREQFUNC_OK;
}

static void set_callbacks(HttpTransfer *t) {
        CURL *c = t->curl;
        curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->curl_message);
        curl_easy_setopt(c, CURLOPT_PRIVATE, t);
        curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
        curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
        curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
        curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
        curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, on_connected);
        curl_easy_setopt(c, CURLOPT_PREREQDATA, t);
        curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
        curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
}

static void stop(HttpTransfer *t) {
        if (t->added)
                curl_multi_remove_handle(t->client->multi, t->curl);
        t->added = false;
}

int http_transfer_go(HttpTransfer *t) {
        stop(t);
        curl_easy_reset(t->curl);
        char *url = TAKE_PTR(t->response.url);
        http_response_done(&t->response);
        t->response.url = url;
        t->body_room = 0;
        t->disposition = HTTP_UNDECIDED;
        t->headers_ended = false;
        t->headers_size = 0;
        t->body_size = 0;
        t->wake = 0;
        t->here_kind = http_address_kind(t->url.host);
        t->curl_message[0] = 0;
        set_callbacks(t);
        int r = http_options_set(t);
        if (r < 0)
                return t->error = r;
        if (curl_multi_add_handle(t->client->multi, t->curl) != CURLM_OK)
                return fail(t, ENOMEM, "libcurl does not take it");
        t->added = true;
        return 0;
}

void http_transfer_free(HttpTransfer *t) {
        stop(t);
        curl_easy_cleanup(t->curl);
        curl_slist_free_all(t->headers);
        progress_bar_end(t->bar, false);
        http_url_done(&t->origin);
        http_url_done(&t->url);
        http_response_done(&t->response);
        http_request_done(&t->request);
        free(t->message);
        free(t);
}

HttpTransfer *http_transfer_new(HttpClient *c, const HttpRequest *request, int *ret_code, char **ret_error) {
        _cleanup_http_url_ HttpUrl origin = {};
        int r = http_url_parse(request->url, &origin, ret_error);
        CURL *curl = r >= 0 ? curl_easy_init() : NULL;
        if (r >= 0 && !curl) {
                *ret_error = xstrdup("libcurl cannot be initialised");
                r = -ENOMEM;
        }
        if (r < 0) {
                *ret_code = r;
                return NULL;
        }
        HttpTransfer *t = xnew(HttpTransfer, 1);
        t->client = c;
        t->curl = curl;
        t->url = http_url_copy(&origin);
        t->origin = origin;
        origin = (HttpUrl){};
        http_request_copy(&t->request, request);
        t->method = request->method;
        t->response.url = xstrdup(t->url.text);
        if (request->progress)
                t->bar = progress_bar_new(request->progress);
        return t;
}

/* 0: the next hop is on its way. */
static int follow(HttpTransfer *t) {
        _cleanup_http_url_ HttpUrl next = {};
        _cleanup_free_ char *error = NULL;
        const char *location = http_response_header(&t->response, "Location");
        if (t->redirects++ == MAX_REDIRECTS)
                return fail(t, ELOOP, "more than %d redirects", MAX_REDIRECTS);
        _cleanup_free_ char *shown = http_url_mask(location);
        int r = http_url_follow(&t->url, location, &next, &error);
        if (r < 0)
                return fail(t, r, "the server redirects to %s: %s", shown, error);
        if (t->url.https && !next.https && !(http_transfer_insecure(t) & INSECURE_HTTP))
                return fail(t, EPERM,
                                "the server redirects from https to plain http, to %s, which only "
                                "--insecure-options=http allows",
                                shown);
        HttpAddressKind kind = http_address_kind(next.host);
        if (kind != HTTP_ADDRESS_OTHER && kind != t->here_kind)
                return fail(t, EPERM,
                                "the server redirects to %s, which can only be reached from this host, "
                                "and a server that is elsewhere may not redirect to it",
                                shown);
        if (t->method == HTTP_POST && t->response.status > 303 && !http_url_same_origin(&t->url, &next))
                return fail(t, EPERM, "the server redirects to %s, and what was sent is not for that host",
                                shown);
        log_debug("redirected to %s", shown);
        t->from_kind = t->here_kind;
        if (t->method == HTTP_POST && t->response.status <= 303)
                t->method = HTTP_GET;
        http_url_done(&t->url);
        t->url = next;
        next = (HttpUrl){};
        free(t->response.url);
        t->response.url = xstrdup(t->url.text);
        return http_transfer_go(t);
}

/* Waiting once more for who does not answer is only worth while if something has come meanwhile, and need
 * not come again. */
static bool can_go_on(const HttpTransfer *t) {
        HttpRange range = {};
        return t->disposition == HTTP_TAKE && t->reached > t->reached_at_failure && t->request.resume &&
               t->request.resume(&range, t->request.userdata) >= 0 && range.start > 0;
}

static bool is_lost(const HttpTransfer *t, CURLcode code) {
        long error = 0;
        switch (code) {
        case CURLE_COULDNT_CONNECT: /* when nobody listens there, nobody will in a moment */
                curl_easy_getinfo(t->curl, CURLINFO_OS_ERRNO, &error);
                return error != ECONNREFUSED;
        case CURLE_PARTIAL_FILE:
        case CURLE_GOT_NOTHING:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM: return true;
        case CURLE_OPERATION_TIMEDOUT: return can_go_on(t);
        default: return false;
        }
}

/* Where the body goes on; false if that cannot be. */
static bool prepare_resume(HttpTransfer *t) {
        HttpRange range = t->request.range;
        if (t->disposition != HTTP_TAKE || (!t->taken && !t->request.resume))
                return true;
        if (!t->request.resume || t->request.resume(&range, t->request.userdata) < 0)
                return false;
        char *if_range = xstrdup(range.if_range);
        free((char *) t->request.range.if_range);
        t->request.range = (HttpRange){ range.start, if_range };
        return true;
}

/* Where it is redirected to may be good for some minutes only. */
static void back_to_origin(HttpTransfer *t) {
        if (t->redirects == 0)
                return;
        http_url_done(&t->url);
        t->url = http_url_copy(&t->origin);
        free(t->response.url);
        t->response.url = xstrdup(t->url.text);
        t->method = t->request.method;
        t->redirects = 0;
}

/* 1 if it will be tried again. */
static int retry(HttpTransfer *t, const char *reason) {
        curl_off_t asked = 0;
        if (t->request.once)
                return 0;
        if (t->reached - t->reached_at_failure >= PROGRESS_MIN)
                t->failures = 0;
        t->reached_at_failure = t->reached;
        curl_easy_getinfo(t->curl, CURLINFO_RETRY_AFTER, &asked);
        if (++t->failures > MAX_FAILURES || asked > RETRY_AFTER_MAX || !prepare_resume(t))
                return 0;
        uint64_t pause = FIRST_PAUSE << (t->failures - 1);
        pause += pause / 4 * (monotonic_ns() % 1024) / 1024; /* so that not all come at once */
        pause = MAX(pause, (uint64_t) asked * NSEC_PER_SEC);
        _cleanup_free_ char *shown = http_url_mask(t->url.text);
        void (*tell)(const char *, ...) = pause >= PAUSE_TOLD ? log_info : log_debug;
        tell("%s: %s: trying again in %.1f s", shown, reason, (double) pause / NSEC_PER_SEC);
        t->wake = monotonic_ns() + pause;
        stop(t);
        back_to_origin(t);
        return 1;
}

static char *describe_status(const HttpTransfer *t) {
        curl_off_t asked = 0;
        curl_easy_getinfo(t->curl, CURLINFO_RETRY_AFTER, &asked);
        if (asked > 0)
                return xasprintf("bad HTTP status code: %ld, to be tried again in %lld s",
                                t->response.status, (long long) asked);
        return xasprintf("bad HTTP status code: %ld", t->response.status);
}

/* 1: the end, with t->error; 0: it goes on. */
static int decide(HttpTransfer *t, CURLcode code) {
        if (t->error < 0)
                return 1;
        switch (t->disposition) {
        case HTTP_REDIRECT: return follow(t) < 0;
        case HTTP_REFUSE:
        case HTTP_RETRY: {
                _cleanup_free_ char *reason = describe_status(t);
                if (t->disposition == HTTP_RETRY && retry(t, reason) > 0)
                        return 0;
                fail(t,
                                t->response.status == 404   ? ENOENT
                                : t->response.status == 401 ? EACCES
                                                            : EIO,
                                "%s", reason);
                return 1;
        }
        default: break;
        }
        if (code == CURLE_OK) {
                if (t->disposition == HTTP_UNDECIDED)
                        fail(t, EPROTO, "what the server sends is no response to the request");
                return 1;
        }
        const char *reason = t->curl_message[0] ? t->curl_message : curl_easy_strerror(code);
        if (is_lost(t, code) && retry(t, reason) > 0)
                return 0;
        fail(t,
                        code == CURLE_OPERATION_TIMEDOUT         ? ETIMEDOUT
                        : code == CURLE_PEER_FAILED_VERIFICATION ? EKEYREJECTED
                                                                 : EIO,
                        "%s", reason);
        return 1;
}

static void explain(HttpTransfer *t) {
        _cleanup_free_ char *asked = http_url_mask(t->request.url), *here = http_url_mask(t->url.text);
        if (t->redirects > 0 && !streq(asked, here))
                t->response.error = xasprintf(
                                "error downloading %s, redirected to %s: %s", asked, here, t->message);
        else
                t->response.error = xasprintf("error downloading %s: %s", asked, t->message);
        if (!t->request.quiet)
                log_error("%s", t->response.error);
}

int http_transfer_ended(HttpTransfer *t, CURLcode code, int *ret_result) {
        if (decide(t, code) == 0)
                return 0;
        progress_bar_end(TAKE_PTR(t->bar), t->error >= 0);
        if (t->error < 0 && t->message)
                explain(t);
        if (t->disposition == HTTP_COLLECT && !t->response.body)
                t->response.body = xstrdup("");
        *ret_result = t->error;
        return 1;
}
