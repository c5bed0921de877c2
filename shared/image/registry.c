/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry.h"

#include <errno.h>

#include "alloc.h"
#include "http-url.h"
#include "insecure.h"
#include "log.h"
#include "oci-digest.h"
#include "oci-manifest.h"
#include "registry-auth.h"
#include "registry-json.h"
#include "sha256.h"

#define DOCKER_HOST   "docker.io"
#define DOCKER_SERVER "registry-1.docker.io"

#define ACCEPT_MANIFESTS                                                                                    \
        "Accept: " OCI_MEDIA_INDEX ", " OCI_MEDIA_MANIFEST ", " DOCKER_MEDIA_LIST ","                       \
        " " DOCKER_MEDIA_MANIFEST

/* Statuses that end a request but whose body says why, or which ask for credentials. */
static const int answers[] = { 400, 401, 403, 404, 405, 406, 410, 451, 0 };

typedef enum Scheme {
        SCHEME_UNKNOWN,
        SCHEME_HTTPS,
        SCHEME_HTTP,
} Scheme;

struct Registry {
        char *host, *repository, *name;
        const char *server; /* what is connected to */
        Scheme scheme;
        RegistryAuth auth;
};

Registry *registry_new(const RegistryOptions *options) {
        Registry *r = xnew(Registry, 1);
        r->host = xstrdup(options->host);
        r->repository = xstrdup(options->repository);
        r->name = xasprintf("%s/%s", options->host, options->repository);
        r->server = streq(r->host, DOCKER_HOST) ? DOCKER_SERVER : r->host;
        r->auth.options = *options;
        r->auth.options.host = r->host;
        r->auth.options.repository = r->repository;
        return r;
}

void registry_free(Registry *r) {
        registry_auth_done(&r->auth);
        free(r->name);
        free(r->repository);
        free(r->host);
        free(r);
}

const char *registry_name(const Registry *r) {
        return r->name;
}

void registry_document_done(RegistryDocument *d) {
        free(d->url);
        free(d->text);
        free(d->digest);
        free(d->media_type);
        *d = (RegistryDocument){};
}

static char *make_url(const Registry *r, const char *kind, const char *what) {
        return xasprintf("%s://%s/v2/%s/%s/%s", r->scheme == SCHEME_HTTP ? "http" : "https", r->server,
                        r->repository, kind, what);
}

static bool is_loopback(const Registry *r) {
        _cleanup_http_url_ HttpUrl url = {};
        _cleanup_free_ char *text = xasprintf("https://%s/", r->server), *error = NULL;
        return http_url_parse(text, &url, &error) >= 0 &&
               http_address_kind(url.host) == HTTP_ADDRESS_LOOPBACK;
}

static bool may_be_plain(const Registry *r) {
        return (r->auth.options.insecure & INSECURE_HTTP) || is_loopback(r);
}

/* Credentials that the client of HTTP would hold back, as it does not know what was allowed here: a token
 * that nobody's password was given for may go over loopback. */
static void authorize(const Registry *r, HttpRequest *q) {
        q->credential = &r->auth.credential;
        q->insecure = r->auth.options.insecure;
        if (r->scheme == SCHEME_HTTP && r->auth.credential.kind == HTTP_CREDENTIAL_BEARER)
                q->insecure |= INSECURE_HTTP;
}

static int tell(const Registry *r, int error, const char *text) {
        if (r->auth.options.mirror)
                log_info("%s", text);
        else
                log_error("%s", text);
        return error;
}

/* One request, without authentication's second one. */
static int send_request(Registry *r, HttpRequest *q, const char *kind, const char *what, HttpResponse *ret) {
        _cleanup_free_ char *url = make_url(r, kind, what);
        q->url = url;
        q->accept = answers;
        authorize(r, q);
        bool quiet = q->quiet;
        q->quiet = true;
        int x = http_perform(r->auth.options.http, q, ret);
        q->quiet = quiet;
        q->url = NULL;
        return x < 0 && !quiet && ret->error ? tell(r, x, ret->error) : x;
}

/* The first request finds out by which scheme the registry can be spoken to. Once there was a response over
 * https, whatever it was, or a certificate, http is out of the question. */
static int find_scheme(Registry *r, HttpRequest *q, const char *kind, const char *what, HttpResponse *ret) {
        HttpRequest trial = *q;
        trial.once = trial.quiet = true;
        r->scheme = SCHEME_HTTPS;
        int x = send_request(r, &trial, kind, what, ret);
        if (x >= 0 || x == -EINTR)
                return x;
        if (ret->status != 0) {
                http_response_done(ret);
                return send_request(r, q, kind, what, ret); /* with its retries and messages */
        }
        if (x == -EKEYREJECTED)
                return q->quiet ? x : tell(r, x, ret->error);
        log_debug("%s; trying plain http", ret->error ?: "no answer over https");
        _cleanup_free_ char *over_https = xstrdup(ret->error);
        http_response_done(ret);
        r->scheme = SCHEME_HTTP;
        r->auth.plain = true;
        x = send_request(r, q, kind, what, ret);
        if (x != -EINTR && !q->quiet && over_https && (x < 0 || ret->status == 400))
                tell(r, x, over_https); /* it may tell more */
        if (x < 0 && ret->status == 0) {
                r->scheme = SCHEME_UNKNOWN;
                r->auth.plain = false;
        }
        return x;
}

static int send_first_request(
                Registry *r, HttpRequest *q, const char *kind, const char *what, HttpResponse *ret) {
        if (r->scheme == SCHEME_UNKNOWN && may_be_plain(r))
                return find_scheme(r, q, kind, what, ret);
        if (r->scheme == SCHEME_UNKNOWN)
                r->scheme = SCHEME_HTTPS;
        return send_request(r, q, kind, what, ret);
}

/* With what is asked for by a 401. The answer may still be one of the statuses above. */
static int perform(Registry *r, HttpRequest *q, const char *kind, const char *what, HttpResponse *ret) {
        int x = send_first_request(r, q, kind, what, ret);
        if (x < 0 || ret->status != 401)
                return x;
        _cleanup_free_ char *url = make_url(r, kind, what);
        x = registry_auth_answer(&r->auth, url, ret);
        if (x < 0)
                return x;
        http_response_done(ret);
        return send_request(r, q, kind, what, ret);
}

static int status_error(long status) {
        switch (status) {
        case 401:
        case 403: return -EACCES;
        case 404:
        case 410: return -ENOENT;
        default: return -EIO;
        }
}

/* Logs an answer that is none, in the registry's words if there are any. */
static int refused(const Registry *r, const char *url, const HttpResponse *response) {
        static const struct {
                long status;
                const char *text;
        } texts[] = {
                { 401, "the credentials are not accepted" },
                { 403, "access is denied" },
                { 404, "the registry does not have it" },
                { 410, "the registry does not have it any more" },
                { 451, "the registry may not give it" },
        };
        _cleanup_free_ char *why = registry_errors_text(response->body, response->body_size);
        const char *text = "the registry refuses the request";
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (texts[i].status == response->status)
                        text = texts[i].text;
        _cleanup_free_ char *message = xasprintf(
                        "%s: %s (status %ld%s%s)", url, text, response->status, why ? ": " : "", why ?: "");
        return tell(r, status_error(response->status), message);
}

static char *media_type_of(const HttpResponse *response) {
        const char *value = http_response_header(response, "Content-Type");
        return value ? xstrndup(value, strcspn(value, "; \t")) : NULL;
}

/* digest is what it must be, claimed what the registry says (if it says it by an algorithm that we know);
 * either may be NULL. */
static int verify(const RegistryDocument *d, const char *digest, uint64_t size, const char *claimed) {
        if (size > 0 && d->size != size)
                log_error("%s: it has %zu bytes instead of the %llu that the manifest or index says", d->url,
                                d->size, (unsigned long long) size);
        else if (digest && !streq(digest, d->digest))
                log_error("%s: the content is not what was asked for: it has the digest %s", d->url,
                                d->digest);
        else if (claimed && oci_digest_is_valid(claimed) && !streq(claimed, d->digest))
                log_error("%s: the content has the digest %s instead of the registry's "
                          "Docker-Content-Digest "
                          "%s",
                                d->url, d->digest, claimed);
        else
                return 0;
        return -EBADMSG;
}

static int get_document(Registry *r, HttpRequest *q, const char *kind, const char *what, const char *digest,
                uint64_t size, RegistryDocument *ret) {
        _cleanup_http_response_ HttpResponse response = {};
        _cleanup_registry_document_ RegistryDocument d = {};
        q->max_body = size > 0 ? MIN(size, (uint64_t) OCI_DOCUMENT_MAX) : OCI_DOCUMENT_MAX;
        int x = perform(r, q, kind, what, &response);
        if (x < 0)
                return x;
        d.url = make_url(r, kind, what);
        if (response.status != 200)
                return refused(r, d.url, &response);
        d.media_type = media_type_of(&response);
        d.text = TAKE_PTR(response.body);
        d.size = response.body_size;
        d.digest = sha256_digest(d.text, d.size);
        x = verify(&d, digest, size, http_response_header(&response, "Docker-Content-Digest"));
        if (x < 0)
                return x;
        *ret = d;
        d = (RegistryDocument){};
        return 0;
}

int registry_get_manifest(Registry *r, const char *reference, uint64_t size, RegistryDocument *ret) {
        static const char *const headers[] = { ACCEPT_MANIFESTS, NULL };
        HttpRequest q = { .headers = (char *const *) headers };
        const char *digest = strchr(reference, ':') ? reference : NULL; /* a tag has none */
        return get_document(r, &q, "manifests", reference, digest, size, ret);
}

int registry_get_blob(Registry *r, const char *digest, uint64_t size, RegistryDocument *ret) {
        HttpRequest q = {};
        return get_document(r, &q, "blobs", digest, digest, size, ret);
}

int registry_head_manifest(Registry *r, const char *tag, char **ret_digest) {
        static const char *const headers[] = { ACCEPT_MANIFESTS, NULL };
        _cleanup_http_response_ HttpResponse response = {};
        HttpRequest q = { .method = HTTP_HEAD, .headers = (char *const *) headers, .quiet = true };
        int x = perform(r, &q, "manifests", tag, &response);
        if (x < 0)
                return x;
        const char *digest = http_response_header(&response, "Docker-Content-Digest");
        if (response.status != 200 || !digest || !oci_digest_is_valid(digest))
                return 0;
        *ret_digest = xstrdup(digest);
        return 1;
}

int registry_start_blob(Registry *r, const char *digest, const HttpRequest *request, HttpTransfer **ret) {
        _cleanup_free_ char *url = make_url(r, "blobs", digest);
        HttpRequest q = *request;
        q.url = url;
        q.accept = answers;
        q.quiet = true;
        authorize(r, &q);
        return http_start(r->auth.options.http, &q, ret, NULL);
}

unsigned registry_authorization(const Registry *r) {
        return r->auth.generation;
}

int registry_blob_answer(
                Registry *r, int result, const HttpResponse *response, unsigned authorization, bool again) {
        if (result < 0 && response->error)
                return tell(r, result, response->error);
        if (result < 0 || response->status == 200 || response->status == 206)
                return result;
        const char *url = response->url ?: r->name;
        if (response->status == 401 && authorization < r->auth.generation)
                return 1;
        if (response->status != 401 || again)
                return refused(r, url, response);
        int x = registry_auth_answer(&r->auth, url, response);
        return x < 0 ? x : 1;
}
