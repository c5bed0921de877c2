/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* HTTP over libcurl's multi interface: several transfers at once over connections that are used again, with
 * what every program of ours wants to be the same: redirects, retries, time limits, credentials, proxies
 * from the environment, and messages.
 *
 * - At most 10 redirects, to http and https only; from https to http only with INSECURE_HTTP; to loopback,
 *   link-local and metadata addresses only from an address of the same kind. Credentials go only to the
 *   scheme, host and port that they were meant for, and over plain http only with INSECURE_HTTP.
 * - Connections that are lost and the statuses 408, 429, 500, 502, 503 and 504 are tried again, with growing
 *   pauses or as Retry-After says.
 * - A transfer is given up if less than 100 bytes a second arrive for a minute ($RKT_HTTP_TIMEOUT seconds).
 * - Certificates are checked against the system's authorities, or $SSL_CERT_FILE and $SSL_CERT_DIR. */

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http-headers.h"
#include "macro.h"

#define HTTP_BODY_DEFAULT ((uint64_t) 4 * 1024 * 1024)

typedef enum HttpCredentialKind {
        HTTP_CREDENTIAL_NONE,
        HTTP_CREDENTIAL_BASIC,
        HTTP_CREDENTIAL_BEARER,
        HTTP_CREDENTIAL_AWS, /* signature version 4 */
} HttpCredentialKind;

typedef struct HttpCredential { /* the strings are borrowed */
        HttpCredentialKind kind;
        const char *user, *password;  /* basic; aws: the ID of the access key, and its secret */
        const char *token;            /* bearer */
        const char *region, *service; /* aws; NULL: us-east-1, s3 */
} HttpCredential;

typedef struct HttpClientOptions {
        unsigned insecure; /* INSECURE_TLS: any certificate; INSECURE_HTTP: see above */
        /* The credentials for host, with ":port" if it is not the scheme's usual one. 1 with *ret, 0 if
         * there are none, < 0 to give up, having logged why. NULL: never any. */
        int (*credential)(const char *host_port, HttpCredential *ret, void *userdata);
        void *userdata;
        bool (*cancelled)(void); /* asked while waiting: whether to give up with -EINTR; NULL: never */
} HttpClientOptions;

typedef enum HttpMethod {
        HTTP_GET,
        HTTP_HEAD,
        HTTP_POST,
} HttpMethod;

typedef struct HttpResponse {
        long status; /* 0: there was no response */
        HttpHeaders headers;
        char *url;        /* where it came from in the end; with what is secret in it */
        char *body;       /* unless take had it; a NUL behind it */
        size_t body_size; /* up to 64 kB of it with a status that is not accepted */
        char *error;      /* after a failure: why, with the URL */
} HttpResponse;

void http_response_done(HttpResponse *r);
#define _cleanup_http_response_ _cleanup_(http_response_done)

static inline const char *http_response_header(const HttpResponse *r, const char *name) {
        return http_headers_get(&r->headers, name);
}

typedef struct HttpRange {
        uint64_t start;       /* the bytes before are there already; 0: the whole is wanted */
        const char *if_range; /* a strong validator, an ETag or a date; NULL: the content cannot change */
} HttpRange;

typedef struct HttpTransfer HttpTransfer;

/* Copied by http_start, strings and all, except for body. */
typedef struct HttpRequest {
        HttpMethod method;
        const char *url;
        char *const *headers; /* strv of "Name: value"; not Authorization, Range, If-* */
        const void *body;     /* of a POST; borrowed until the end */
        size_t body_size;
        const HttpCredential *credential; /* instead of asking the client's; of kind NONE: none */
        unsigned insecure;                /* allowed for this one, beside what is allowed to the client */
        const char *if_none_match;        /* an ETag; NULL: none */
        HttpRange range;

        /* Statuses that are no failure beside 200, 206 with a range, and 304 with if_none_match: up to the
         * first 0. NULL: none. They are not tried again. */
        const int *accept;
        uint64_t max_body;    /* bytes; more is -EFBIG. 0: HTTP_BODY_DEFAULT without take, else no limit */
        bool once;            /* do not try again */
        bool quiet;           /* do not log failures */
        const char *progress; /* what is shown beside a progress bar on a terminal; NULL: none */

        /* All with userdata, and none but done may wait for other transfers (http_client_step). begin (may
         * be NULL) is called before the body of a status 200 or 206 and tells which; after a retry, again.
         * take gets that body, in order; NULL: it is collected in HttpResponse.body. Both return < 0 to give
         * up, having logged why. */
        int (*begin)(const HttpResponse *response, void *userdata);
        int (*take)(const void *data, size_t size, void *userdata);
        /* Asked, when the connection is lost in the middle, where to go on. < 0: give up. NULL: what take
         * has begun to have is not tried again. if_range is copied. */
        int (*resume)(HttpRange *ret, void *userdata);
        /* The end, for http_start: result as that of http_perform. The transfer and the response go once
         * this returns; response may be emptied by moving it away. May start other transfers. */
        void (*done)(int result, HttpResponse *response, void *userdata);
        void *userdata;
} HttpRequest;

typedef struct HttpClient HttpClient;

int http_client_new(const HttpClientOptions *options, HttpClient **ret); /* logs */
void http_client_free(HttpClient *c); /* ends what still runs, without calling done */
DEFINE_CLEANUP(HttpClient *, http_client_free)
#define _cleanup_http_client_ _cleanup_(http_client_freep)

/* Begins a transfer; *ret (may be NULL) is valid until done is called. Fails, with *ret_error (allocated;
 * may be NULL, then it is logged), only for a URL that cannot be used; done is then not called. */
int http_start(HttpClient *c, const HttpRequest *request, HttpTransfer **ret, char **ret_error);
/* Not from within begin or take. done is not called. */
void http_cancel(HttpTransfer *t);

/* Goes on with all transfers, calls what they have to be called, and waits until there is something to do or
 * one of the n descriptors is ready (as poll(2); fds may be NULL), timeout_ms at most (-1: as long as it
 * takes, yet never more than a second). The number of transfers that still run, or a negative errno: -EINTR
 * if cancelled says so, others after logging. */
int http_client_step(HttpClient *c, struct pollfd *fds, unsigned n, int timeout_ms);

/* One transfer from begin to end; others of the client go on meanwhile. 0 if there was a response with an
 * accepted status. Otherwise logs why (not if quiet), and returns a negative errno; ret->status and the rest
 * are set as far as it got: in any case it is for http_response_done. -EINTR is not logged. -EKEYREJECTED:
 * the certificate is not accepted. */
int http_perform(HttpClient *c, const HttpRequest *request, HttpResponse *ret);
