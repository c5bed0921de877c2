/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libcurl is told of a transfer before each of its requests. */

#include "alloc.h"
#include "build-config.h"
#include "http-transfer.h"
#include "insecure.h"
#include "log.h"
#include "percent.h"
#include "strv.h"

static void add_header(HttpTransfer *t, const char *format, const char *value) {
        _cleanup_free_ char *line = xasprintf(format, value);
        if (!line[strcspn(line, "\r\n")])
                t->headers = curl_slist_append(t->headers, line);
}

static void set_headers(HttpTransfer *t) {
        const HttpRequest *r = &t->request;
        curl_slist_free_all(t->headers);
        t->headers = NULL;
        STRV_FOREACH (header, r->headers)
                add_header(t, "%s", *header);
        if (r->if_none_match)
                add_header(t, "If-None-Match: %s", r->if_none_match);
        if (r->range.start > 0) {
                _cleanup_free_ char *start = xasprintf("%llu", (unsigned long long) r->range.start);
                add_header(t, "Range: bytes=%s-", start);
                if (r->range.if_range)
                        add_header(t, "If-Range: %s", r->range.if_range);
        }
        if (t->method == HTTP_POST)
                add_header(t, "%s", "Expect:"); /* no waiting for 100 Continue */
        curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers);
        curl_easy_setopt(t->curl, CURLOPT_HEADEROPT, (long) CURLHEADER_SEPARATE); /* not to a proxy */
}

/* What libcurl before 8 leaves to us of Amazon's rules: the query that is signed has to be in order, and S3
 * wants to be told the digest of the body, here of an empty one. */
static void use_aws(HttpTransfer *t, const HttpCredential *credential) {
        const char *service = credential->service ?: "s3";
        _cleanup_free_ char *provider =
                        xasprintf("aws:amz:%s:%s", credential->region ?: "us-east-1", service);
        _cleanup_free_ char *url = url_sort_query(t->url.text);
        curl_easy_setopt(t->curl, CURLOPT_AWS_SIGV4, provider);
        curl_easy_setopt(t->curl, CURLOPT_URL, url);
        if (streq(service, "s3") && t->method != HTTP_POST)
                add_header(t, "X-Amz-Content-Sha256: %s",
                                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers);
}

static void use_credential(HttpTransfer *t, const HttpCredential *credential) {
        CURL *c = t->curl;
        switch (credential->kind) {
        case HTTP_CREDENTIAL_NONE: return;
        case HTTP_CREDENTIAL_BASIC: curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long) CURLAUTH_BASIC); break;
        case HTTP_CREDENTIAL_BEARER:
                curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long) CURLAUTH_BEARER);
                curl_easy_setopt(c, CURLOPT_XOAUTH2_BEARER, credential->token);
                return;
        case HTTP_CREDENTIAL_AWS: use_aws(t, credential); break;
        }
        curl_easy_setopt(c, CURLOPT_USERNAME, credential->user);
        curl_easy_setopt(c, CURLOPT_PASSWORD, credential->password);
}

/* What the caller gives comes first, then what stands in the URL, then what is configured for the host. */
static int set_credential(HttpTransfer *t) {
        const HttpClientOptions *options = &t->client->options;
        HttpCredential found = {};
        const HttpCredential *credential = &found;
        if (!http_url_same_origin(&t->origin, &t->url))
                return 0;
        if (t->request.credential)
                credential = t->request.credential;
        else if (t->origin.user)
                found = (HttpCredential){ HTTP_CREDENTIAL_BASIC, t->origin.user, t->origin.password ?: "" };
        else if (options->credential) {
                int r = options->credential(t->url.host_port, &found, options->userdata);
                if (r <= 0)
                        return r;
        }
        if (credential->kind == HTTP_CREDENTIAL_NONE)
                return 0;
        if (!t->url.https && !(http_transfer_insecure(t) & INSECURE_HTTP)) {
                log_warning("not sending the credentials for %s over plain http; --insecure-options=http "
                            "would",
                                t->url.host_port);
                return 0;
        }
        use_credential(t, credential);
        return 0;
}

static void set_trust(CURL *c, unsigned insecure) {
        const char *file = getenv("SSL_CERT_FILE"), *directory = getenv("SSL_CERT_DIR");
        if (insecure & INSECURE_TLS) {
                curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
                curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
        }
        if (!isempty(file))
                curl_easy_setopt(c, CURLOPT_CAINFO, file);
        if (!isempty(directory))
                curl_easy_setopt(c, CURLOPT_CAPATH, directory);
}

static void set_method(HttpTransfer *t) {
        const HttpRequest *r = &t->request;
        CURL *c = t->curl;
        if (t->method == HTTP_HEAD)
                curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
        if (t->method != HTTP_POST)
                return;
        curl_easy_setopt(c, CURLOPT_POST, 1L);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) r->body_size);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body ?: "");
}

static void set_limits(HttpTransfer *t) {
        long stall = t->client->stall_timeout;
        curl_easy_setopt(t->curl, CURLOPT_CONNECTTIMEOUT, MIN(stall, 30L));
        curl_easy_setopt(t->curl, CURLOPT_LOW_SPEED_LIMIT, 100L);
        curl_easy_setopt(t->curl, CURLOPT_LOW_SPEED_TIME, stall);
        if (!t->request.take) /* a document: it has no reason to trickle in for hours */
                curl_easy_setopt(t->curl, CURLOPT_TIMEOUT, 5 * stall);
}

int http_options_set(HttpTransfer *t) {
        CURL *c = t->curl;
        curl_easy_setopt(c, CURLOPT_URL, t->url.text);
        curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_2TLS);
        curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 512L * 1024);
        curl_easy_setopt(c, CURLOPT_USERAGENT, "rkt/" RKT_VERSION);
        curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        set_limits(t);
        set_trust(c, http_transfer_insecure(t));
        set_method(t);
        set_headers(t);
        return set_credential(t);
}
