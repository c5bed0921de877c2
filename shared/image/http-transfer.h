/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The inside of http.h: one transfer, through its redirects and retries. */

#include <curl/curl.h>

#include "http-url.h"
#include "http.h"
#include "progress.h"

struct HttpClient {
        CURLM *multi;
        HttpClientOptions options;
        long stall_timeout; /* seconds */
        HttpTransfer **transfers;
        size_t n_transfers;
};

/* What is done with a response, known once its headers are there. */
typedef enum HttpDisposition {
        HTTP_UNDECIDED,
        HTTP_TAKE,    /* its body goes to the caller */
        HTTP_COLLECT, /* an accepted one, whose body is collected */
        HTTP_REDIRECT,
        HTTP_RETRY,
        HTTP_REFUSE,
} HttpDisposition;

struct HttpTransfer {
        HttpClient *client;
        HttpRequest request; /* our copies */
        HttpUrl origin, url; /* as asked for, and of this hop */
        CURL *curl;
        HttpMethod method; /* of this hop */
        bool added;        /* to the client's multi handle */
        struct curl_slist *headers;

        HttpResponse response;
        HttpDisposition disposition;
        size_t headers_size;
        uint64_t body_size; /* that has come; the response may have less */
        size_t body_room;
        bool headers_ended;
        int error;     /* of a callback, ours or the caller's */
        char *message; /* of ours; NULL: the caller has logged */
        char curl_message[CURL_ERROR_SIZE];

        unsigned redirects, failures;
        HttpAddressKind from_kind; /* of the address that redirected here */
        HttpAddressKind here_kind;
        bool taken;                           /* something, by the caller */
        uint64_t reached, reached_at_failure; /* the end of what has come of the body, in any attempt */
        uint64_t wake;                        /* monotonic: when to try again; 0: it runs */
        ProgressBar *bar;
};

/* With all that it points to but the body. */
void http_request_copy(HttpRequest *to, const HttpRequest *from);
void http_request_done(HttpRequest *r);

/* Insecure bits, of the client and of the request. */
static inline unsigned http_transfer_insecure(const HttpTransfer *t) {
        return t->client->options.insecure | t->request.insecure;
}

/* Before each request: everything but the callbacks. Logs. */
int http_options_set(HttpTransfer *t);

/* NULL with *ret_error, and *ret_code. */
HttpTransfer *http_transfer_new(HttpClient *c, const HttpRequest *request, int *ret_code, char **ret_error);
void http_transfer_free(HttpTransfer *t);

/* Sends the request, or sends it again. */
int http_transfer_go(HttpTransfer *t);
/* libcurl has ended with it. 1 if this was the end, and then *ret_result is that of http_perform, logged; 0
 * if it goes on, or waits until t->wake. */
int http_transfer_ended(HttpTransfer *t, CURLcode code, int *ret_result);
