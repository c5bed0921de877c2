/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "http.h"

#include <curl/curl.h>
#include <errno.h>

#include "alloc.h"
#include "duration.h"
#include "http-transfer.h"
#include "log.h"
#include "option.h"

#define STALL_TIMEOUT        60 /* seconds */
#define MAX_HOST_CONNECTIONS 8L
#define TICK                 1000 /* milliseconds: how soon cancelled is asked again at the latest */

int http_client_new(const HttpClientOptions *options, HttpClient **ret) {
        const char *timeout = getenv("RKT_HTTP_TIMEOUT");
        uint64_t seconds = STALL_TIMEOUT;
        if (timeout && (parse_uint(timeout, 24 * 60 * 60, &seconds) < 0 || seconds == 0)) {
                log_error("RKT_HTTP_TIMEOUT=%s is not a number of seconds", timeout);
                return -EINVAL;
        }
        CURLM *multi = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_multi_init() : NULL;
        if (!multi) {
                log_error("cannot initialise libcurl");
                return -ENOMEM;
        }
        curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, MAX_HOST_CONNECTIONS);
        HttpClient *c = xnew(HttpClient, 1);
        c->multi = multi;
        if (options)
                c->options = *options;
        c->stall_timeout = seconds;
        *ret = c;
        return 0;
}

void http_client_free(HttpClient *c) {
        while (c->n_transfers > 0)
                http_cancel(c->transfers[c->n_transfers - 1]);
        free(c->transfers);
        curl_multi_cleanup(c->multi);
        free(c);
}

static void forget(HttpTransfer *t) {
        HttpClient *c = t->client;
        for (size_t i = 0; i < c->n_transfers; i++)
                if (c->transfers[i] == t) {
                        c->transfers[i] = c->transfers[--c->n_transfers];
                        return;
                }
}

void http_cancel(HttpTransfer *t) {
        forget(t);
        http_transfer_free(t);
}

int http_start(HttpClient *c, const HttpRequest *request, HttpTransfer **ret, char **ret_error) {
        _cleanup_free_ char *error = NULL, *shown = http_url_mask(request->url);
        int r = 0;
        HttpTransfer *t = http_transfer_new(c, request, &r, &error);
        if (!t) {
                if (ret_error)
                        *ret_error = xasprintf("error downloading %s: %s", shown, error);
                else if (!request->quiet)
                        log_error("error downloading %s: %s", shown, error);
                return r;
        }
        xgrow(&c->transfers, c->n_transfers);
        c->transfers[c->n_transfers++] = t;
        t->wake = 1; /* at the next step, and what fails there is told to done */
        if (ret)
                *ret = t;
        return 0;
}

/* Whether that was the end. */
static bool finish(HttpTransfer *t, CURLcode code) {
        int result;
        if (http_transfer_ended(t, code, &result) == 0)
                return false;
        forget(t);
        if (t->request.done)
                t->request.done(result, &t->response, t->request.userdata);
        http_transfer_free(t);
        return true;
}

/* Those whose time has come; done may change the list, so each time from its beginning. */
static bool wake_up(HttpClient *c) {
        uint64_t now = monotonic_ns();
        bool ended = false;
        for (size_t i = 0; i < c->n_transfers;) {
                HttpTransfer *t = c->transfers[i];
                if (t->wake == 0 || t->wake > now)
                        i++;
                else if (http_transfer_go(t) < 0) {
                        ended = finish(t, CURLE_OK);
                        i = 0;
                }
        }
        return ended;
}

static bool collect_ended(HttpClient *c) {
        CURLMsg *message;
        bool ended = false;
        int left;
        while ((message = curl_multi_info_read(c->multi, &left))) {
                HttpTransfer *t = NULL;
                if (message->msg != CURLMSG_DONE)
                        continue;
                CURLcode code = message->data.result;
                curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
                if (finish(t, code))
                        ended = true;
        }
        return ended;
}

static int until_wake(const HttpClient *c, int timeout_ms) {
        uint64_t now = monotonic_ns();
        int result = timeout_ms < 0 || timeout_ms > TICK ? TICK : timeout_ms;
        for (size_t i = 0; i < c->n_transfers; i++) {
                uint64_t wake = c->transfers[i]->wake;
                if (wake == 0)
                        continue;
                uint64_t pause = wake > now ? (wake - now) / NSEC_PER_MSEC + 1 : 0;
                result = MIN((uint64_t) result, pause);
        }
        return result;
}

static int wait_for_something(HttpClient *c, struct pollfd *fds, unsigned n, int timeout_ms) {
        struct curl_waitfd *more = n > 0 ? xnew(struct curl_waitfd, n) : NULL;
        for (unsigned i = 0; i < n; i++)
                more[i] = (struct curl_waitfd){
                        .fd = fds[i].fd,
                        .events = (fds[i].events & POLLIN ? CURL_WAIT_POLLIN : 0) |
                                  (fds[i].events & POLLPRI ? CURL_WAIT_POLLPRI : 0) |
                                  (fds[i].events & POLLOUT ? CURL_WAIT_POLLOUT : 0),
                };
        CURLMcode code = curl_multi_poll(c->multi, more, n, until_wake(c, timeout_ms), NULL);
        for (unsigned i = 0; i < n; i++)
                fds[i].revents = (more[i].revents & CURL_WAIT_POLLIN ? POLLIN : 0) |
                                 (more[i].revents & CURL_WAIT_POLLPRI ? POLLPRI : 0) |
                                 (more[i].revents & CURL_WAIT_POLLOUT ? POLLOUT : 0);
        free(more);
        if (code == CURLM_OK)
                return 0;
        log_error("cannot wait for transfers: %s", curl_multi_strerror(code));
        return -EIO;
}

int http_client_step(HttpClient *c, struct pollfd *fds, unsigned n, int timeout_ms) {
        int running;
        bool ended = wake_up(c);
        CURLMcode code = curl_multi_perform(c->multi, &running);
        if (code != CURLM_OK) {
                log_error("cannot go on with transfers: %s", curl_multi_strerror(code));
                return -EIO;
        }
        if (collect_ended(c))
                ended = true;
        if (c->options.cancelled && c->options.cancelled())
                return -EINTR;
        if (c->n_transfers == 0 && n == 0)
                return 0;
        int r = wait_for_something(c, fds, n, ended ? 0 : timeout_ms);
        if (r < 0)
                return r;
        if (c->options.cancelled && c->options.cancelled())
                return -EINTR;
        return c->n_transfers;
}

typedef struct Blocking {
        const HttpRequest *request;
        HttpResponse *response;
        bool ended;
        int result;
} Blocking;

static int pass_begin(const HttpResponse *response, void *userdata) {
        const Blocking *b = userdata;
        return b->request->begin(response, b->request->userdata);
}

static int pass_take(const void *data, size_t size, void *userdata) {
        const Blocking *b = userdata;
        return b->request->take(data, size, b->request->userdata);
}

static int pass_resume(HttpRange *ret, void *userdata) {
        const Blocking *b = userdata;
        return b->request->resume(ret, b->request->userdata);
}

static void note_end(int result, HttpResponse *response, void *userdata) {
        Blocking *b = userdata;
        b->ended = true;
        b->result = result;
        *b->response = *response;
        *response = (HttpResponse){};
}

int http_perform(HttpClient *c, const HttpRequest *request, HttpResponse *ret) {
        Blocking b = { .request = request, .response = ret };
        HttpRequest passed = *request;
        HttpTransfer *t;
        *ret = (HttpResponse){};
        passed.begin = request->begin ? pass_begin : NULL;
        passed.take = request->take ? pass_take : NULL;
        passed.resume = request->resume ? pass_resume : NULL;
        passed.done = note_end;
        passed.userdata = &b;
        int r = http_start(c, &passed, &t, NULL);
        if (r < 0)
                return r;
        while (!b.ended) {
                r = http_client_step(c, NULL, 0, -1);
                if (r < 0) {
                        if (!b.ended)
                                http_cancel(t);
                        return r;
                }
        }
        return b.result;
}
